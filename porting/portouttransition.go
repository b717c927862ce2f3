package porting

// Events that only a port-out knows. Reply, Breached and Released leave the stage as it is.
const (
	EventNotified  Event = "notified"            // the subscriber was told, or lawfully not
	EventAnswered  Event = "answered"            // our answer is with the counterparty, or its silence was faster
	EventDisputed  Event = "disputed"            // the subscriber did not ask for the port that happened
	EventLapsed    Event = "lapsed"              // approved, and never activated by the recipient
	EventReply     Event = "customer-reply"      // yes or no
	EventBreached  Event = "answered-by-silence" // the counterparty did not wait for us
	EventReleased  Event = "released"            // routing and billing are switched off
	EventWithdrawn Event = "withdrawn"           // the recipient takes the request back
)

// portOut holds every legal move of a port-out, in the order of the story. Every way to an end but a withdrawal passes
// through answered: silence is no way out.
var portOut = []Transition{
	{"", EventReceived, Received},
	{Received, EventAccepted, Screening},
	{Received, EventAnswered, Answered},
	{Received, EventRefused, RollingBack}, // there are no rules for the numbers: nobody can answer by rule
	{Screening, EventScreened, Notifying},
	{Screening, EventAnswered, Answered},
	{Notifying, EventNotified, Deciding},
	{Notifying, EventAnswered, Answered},
	{Deciding, EventAnswered, Answered},
	{Answered, EventRefused, RollingBack},
	{Answered, EventLapsed, RollingBack},
	{Answered, EventActivated, Releasing},
	{Releasing, EventVerified, Completed},
	{Releasing, EventPartlyVerified, closed},
	{Releasing, EventDisputed, RollingBack},
	{RollingBack, EventRolledBack, closed},
}

// holdableOut are the stages in which people can keep the checks from answering by themselves. The last moment ends a hold.
var holdableOut = []Stage{Screening, Notifying, Deciding}

// anywhereOut holds the moves of a port-out that are legal in every open stage.
var anywhereOut = []Transition{
	{"", EventRevoked, RollingBack},
	{"", EventCancelled, RollingBack},
	{"", EventWithdrawn, RollingBack},
}
