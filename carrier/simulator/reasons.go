package simulator

import "github.com/portsaga/portsaga/porting"

// known holds the reasons that the carrier may give by our own names.
var known = map[porting.Reason]bool{
	porting.AccountNumberMismatch: true, porting.AccountNumberRequired: true, porting.BTNMismatch: true,
	porting.PINMismatch: true, porting.PINRequired: true, porting.PINExpired: true,
	porting.NameMismatch: true, porting.AddressMismatch: true, porting.ZIPMismatch: true,
	porting.LOAMissing: true, porting.LOAInvalid: true,
	porting.NumberNotFound: true, porting.NumberInactive: true, porting.NumberNotPortable: true,
	porting.DifferentAccounts: true, porting.PartialPortNoNewBTN: true, porting.PendingOrder: true,
	porting.PortProtected: true, porting.ContractServices: true, porting.RateCenterMismatch: true,
	porting.WrongLosingCarrier: true, porting.DirectoryListing: true,
	porting.DueDateInvalid: true, porting.DueDateUnmeetable: true, porting.OutsideBusinessHours: true,
	porting.NetworkNotReady: true, porting.DuplicateRequest: true, porting.UnpaidBalance: true, porting.SuspectedFraud: true,
	porting.IdentityMismatch: true, porting.BillCopyRequired: true, porting.RegistryConflict: true,
}

// KnownReason reads a code that is a reason's own name, and calls everything else OtherReason. The raw code and text stay
// beside it in the status.
func KnownReason(code, _ string) porting.Reason {
	if r := porting.Reason(code); known[r] {
		return r
	}
	return porting.OtherReason
}
