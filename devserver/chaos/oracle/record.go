package oracle

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Record is all that is shown to the judges. Times are real time.
type Record struct {
	Ports       []Port
	Started     []string // ports whose start was acknowledged
	Effects     []Effect
	Calls       []Call
	Revocations []Revocation
	Tenures     []Tenure
	Notices     []Notice
	Mails       []Mail
	Replays     []Replay
	Forged      []Forged
	Log         []string // what does not hold in the audit log
	Canaries    []string // what was found in the clear, and where
	Patience    time.Duration
	At          time.Time // when the ports were looked at
}

// Port is where a port stands when everything is over.
type Port struct {
	ID        string
	Direction porting.Direction
	Stage     porting.Stage
	Outcome   porting.Outcome
	WaitingOn porting.Waiting
	Attention bool
	DueAt     time.Time // zero where no clock is told
	Open      bool      // its workflow runs
	Timers    int       // that run in its history
	Timeline  []porting.Entry
	Undone    []porting.Entry
	Holds     int    // numbers that the ledger holds for it
	Secrets   int    // that the ledger keeps for it
	Rescued   bool   // its saga is gone, and its rescue tells of it
	Unclaimed bool   // its saga was taken away before the ledger had its claim: nobody knows of it, and a code that came with it expires
	Unread    string // why it could not be looked at
}

// Effect is a line of the carrier's own journal.
type Effect struct {
	At      time.Time
	Port    string
	Version int
	Name    string // as the simulated carrier names what happens
	Key     string // of the request that did it; empty for what the carrier did by itself
	Numbers []string
}

// Call is a request to the carrier as the line between saw it.
type Call struct {
	Port     string
	Changes  bool // it asks for more than a look
	Answered bool // the asker was given the carrier's answer
}

// Revocation is one that somebody was told is done.
type Revocation struct {
	Port   string
	Acked  time.Time
	Closed bool // they were told that the fence is closed: no activation may start from then on
	Taken  bool // they were told that the saga knows, which nobody has reset since
}

// Tenure is the time in which a number belonged to a port. To is zero while it does.
type Tenure struct {
	Number   string
	Port     string
	From, To time.Time
}

// Notice is one that the ledger says must come before the numbers move.
type Notice struct {
	Port string
	ID   string
}

// Mail is one that a mail server accepted.
type Mail struct {
	At time.Time
	ID string // of the notice in it
}

// Replay is what became of a history under the program as it is.
type Replay struct {
	ID    string
	Fault string // empty where it replays
}

// Forged are news that the carrier did not sign.
type Forged struct {
	At     time.Time
	Status int // with which they were answered
}
