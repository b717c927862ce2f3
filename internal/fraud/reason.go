package fraud

// Reason is why a rule finds a port suspicious, in one vocabulary for all policies. Each is a signal that fraud desks know.
type Reason string

// Reasons.
const (
	SIMChanged       Reason = "SIM_CHANGED"
	DeviceChanged    Reason = "DEVICE_CHANGED"
	AccountChanged   Reason = "ACCOUNT_CHANGED"
	FreshPIN         Reason = "FRESH_PIN"
	UserAdded        Reason = "USER_ADDED"
	FailedAttempts   Reason = "FAILED_ATTEMPTS"
	ManyRequests     Reason = "MANY_REQUESTS"
	ShortTenure      Reason = "SHORT_TENURE"
	IdentityDiffers  Reason = "IDENTITY_DIFFERS"
	NewPayer         Reason = "NEW_PAYER"
	OddContact       Reason = "ODD_CONTACT"
	HighValue        Reason = "HIGH_VALUE"
	OddHours         Reason = "ODD_HOURS"
	FarAway          Reason = "FAR_AWAY"
	LOASuspect       Reason = "LOA_SUSPECT"
	NetworkSuspect   Reason = "NETWORK_SUSPECT"
	CallsForwarded   Reason = "CALLS_FORWARDED"
	NumberRecycled   Reason = "NUMBER_RECYCLED"
	CustomerObjects  Reason = "CUSTOMER_OBJECTS"
	NewRecipient     Reason = "NEW_RECIPIENT"
	RecipientHistory Reason = "RECIPIENT_HISTORY"
	DisputedBefore   Reason = "DISPUTED_BEFORE"
)

// Reasons lists every reason once, in the order of the signals that the documentation numbers from 1.
var Reasons = []Reason{
	SIMChanged, DeviceChanged, AccountChanged, FreshPIN, UserAdded, FailedAttempts, ManyRequests, ShortTenure, IdentityDiffers, NewPayer,
	OddContact, HighValue, OddHours, FarAway, LOASuspect, NetworkSuspect, CallsForwarded, NumberRecycled, CustomerObjects, NewRecipient,
	RecipientHistory, DisputedBefore,
}
