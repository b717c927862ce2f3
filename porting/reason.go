package porting

// Reason is why a port was rejected, refused, reversed or stopped, in one vocabulary for all carriers and countries.
type Reason string

// Reasons given by a donor or a carrier (reference: NANC flows, WICIS, Telnyx, Bandwidth and Twilio lists).
const (
	AccountNumberMismatch Reason = "ACCOUNT_NUMBER_MISMATCH"
	AccountNumberRequired Reason = "ACCOUNT_NUMBER_REQUIRED"
	BTNMismatch           Reason = "BTN_MISMATCH"
	PINMismatch           Reason = "PIN_MISMATCH"
	PINRequired           Reason = "PIN_REQUIRED"
	PINExpired            Reason = "PIN_EXPIRED"
	NameMismatch          Reason = "NAME_MISMATCH"
	AddressMismatch       Reason = "ADDRESS_MISMATCH"
	ZIPMismatch           Reason = "ZIP_MISMATCH"
	LOAMissing            Reason = "LOA_MISSING"
	LOAInvalid            Reason = "LOA_INVALID"
	NumberNotFound        Reason = "TN_NOT_FOUND"
	NumberInactive        Reason = "TN_INACTIVE"
	DifferentAccounts     Reason = "DIFFERENT_ACCOUNTS"
	PartialPortNoNewBTN   Reason = "PARTIAL_PORT_NO_NEW_BTN"
	PendingOrder          Reason = "PENDING_ORDER"
	PortProtected         Reason = "PORT_PROTECTED"
	ContractServices      Reason = "CONTRACT_SERVICES"
	RateCenterMismatch    Reason = "RATE_CENTER_MISMATCH"
	WrongLosingCarrier    Reason = "WRONG_LOSING_CARRIER"
	DirectoryListing      Reason = "NAME_DIRECTORY_LISTING"
	DueDateInvalid        Reason = "DUE_DATE_INVALID"
	DueDateUnmeetable     Reason = "DUE_DATE_UNMEETABLE"
	OutsideBusinessHours  Reason = "OUTSIDE_BUSINESS_HOURS"
	NetworkNotReady       Reason = "SP_NETWORK_NOT_READY"
	DuplicateRequest      Reason = "DUPLICATE_REQUEST"
	UnpaidBalance         Reason = "UNPAID_BALANCE"
	SuspectedFraud        Reason = "SUSPECTED_FRAUD"
	OtherReason           Reason = "OTHER"
	IdentityMismatch      Reason = "IDENTITY_MISMATCH" // tax number, ID document or SIM differ from the record
	BillCopyRequired      Reason = "BILL_COPY_REQUIRED"
	RegistryConflict      Reason = "REGISTRY_CONFLICT" // the donor put the number in conflict at the registry
	CancelLocked          Reason = "CANCEL_LOCKED"     // too late for the carrier to cancel or change the order
)

// Reasons of our own.
const (
	NumberInUse            Reason = "NUMBER_IN_OPEN_PORT" // another open port holds the number
	OrderInvalid           Reason = "ORDER_INVALID"
	ScaledClockRefused     Reason = "SCALED_CLOCK_REFUSED"
	NumberNotPortable      Reason = "NUMBER_NOT_PORTABLE"
	Declined               Reason = "DECLINED" // a person declined
	NoDecision             Reason = "NO_DECISION"
	ApprovalVoid           Reason = "APPROVAL_VOID" // the decisions do not hold at the gate
	RiskRose               Reason = "RISK_ROSE"     // fresh evidence is worse than what people decided on
	NoCorrection           Reason = "NO_CORRECTION"
	CarrierSilent          Reason = "CARRIER_SILENT"
	AuthorizationRevoked   Reason = "AUTHORIZATION_REVOKED"
	UnauthorisedPort       Reason = "UNAUTHORISED_PORT"
	WithdrawnByCustomer    Reason = "WITHDRAWN_BY_CUSTOMER"
	CancelledInTemporal    Reason = "CANCELLED_IN_TEMPORAL"
	CarrierPortedAnyway    Reason = "CARRIER_PORTED_ANYWAY"
	ReversalNotAcceptedYet Reason = "REVERSAL_NOT_ACCEPTED"
)

// Reasons lists every reason once, for rule packs, documents and tests that walk them all.
var Reasons = []Reason{
	AccountNumberMismatch, AccountNumberRequired, BTNMismatch, PINMismatch, PINRequired, PINExpired, NameMismatch,
	AddressMismatch, ZIPMismatch, LOAMissing, LOAInvalid, NumberNotFound, NumberInactive, DifferentAccounts,
	PartialPortNoNewBTN, PendingOrder, PortProtected, ContractServices, RateCenterMismatch, WrongLosingCarrier,
	DirectoryListing, DueDateInvalid, DueDateUnmeetable, OutsideBusinessHours, NetworkNotReady, DuplicateRequest,
	UnpaidBalance, SuspectedFraud, OtherReason, IdentityMismatch, BillCopyRequired, RegistryConflict, CancelLocked,
	NumberInUse, OrderInvalid, ScaledClockRefused, NumberNotPortable, Declined, NoDecision, ApprovalVoid, RiskRose, NoCorrection, CarrierSilent,
	AuthorizationRevoked, UnauthorisedPort, WithdrawnByCustomer, CancelledInTemporal, CarrierPortedAnyway,
	ReversalNotAcceptedYet,
}
