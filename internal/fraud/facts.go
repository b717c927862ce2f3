package fraud

// Facts by source. A nil field is a fact that its source did not tell. The tag `fact` is what the fact means, as the
// documentation and the messages of lint show it.

// SIMSwap is what the mobile network says of the SIM card.
type SIMSwap struct {
	Change *Age `json:"change,omitempty" fact:"when the SIM last changed; a port of our own and the first activation are no change"`
}

// DeviceSwap is what the mobile network says of the handset.
type DeviceSwap struct {
	Change *Age `json:"change,omitempty" fact:"when the SIM last moved to another handset; a port of our own is no change"`
}

// CallForwarding is where calls to the number go now.
type CallForwarding struct {
	Unconditional *bool `json:"unconditional,omitempty" fact:"every call is forwarded"`
	Conditional   *bool `json:"conditional,omitempty" fact:"calls are forwarded when busy, unreachable or unanswered"`
}

// NumberRecycling is whether the number changed hands.
type NumberRecycling struct {
	Recycled *bool `json:"recycled,omitempty" fact:"the number went to another subscriber after the day from which this one says to hold it"`
}

// Tenure is the subscriber's time with the operator.
type Tenure struct {
	Since    *Age      `json:"since,omitempty" fact:"since when the operator knows the subscriber under this number"`
	Contract *Contract `json:"contract,omitempty" fact:"kind of contract: payg, paym or business"`
}

// Contract is how the line is paid for.
type Contract string

// Contracts.
const (
	PayAsYouGo Contract = "payg"
	PayMonthly Contract = "paym"
	Business   Contract = "business"
)

func (Contract) values() []string {
	return []string{string(PayAsYouGo), string(PayMonthly), string(Business)}
}

// KYC is how the order's data compare with what the operator has verified.
type KYC struct {
	Name         *bool `json:"name,omitempty" fact:"the name is the operator's"`
	NameScore    *int  `json:"name_score,omitempty" max:"100" fact:"likeness of the name, 0 to 100"`
	Address      *bool `json:"address,omitempty" fact:"the address is the operator's"`
	AddressScore *int  `json:"address_score,omitempty" max:"100" fact:"likeness of the address, 0 to 100"`
	PostalCode   *bool `json:"postal_code,omitempty" fact:"the postal code is the operator's"`
	Birthdate    *bool `json:"birthdate,omitempty" fact:"the date of birth is the operator's"`
	Document     *bool `json:"document,omitempty" fact:"the identity document is the operator's"`
	Email        *bool `json:"email,omitempty" fact:"the e-mail address is the operator's"`
}

// Identity is how the order compares with the donor's record or bill that came with it.
type Identity struct {
	Name    *Likeness `json:"name,omitempty" fact:"the name against the donor's record: match, near or mismatch"`
	Address *Likeness `json:"address,omitempty" fact:"the address against the donor's record: match, near or mismatch"`
	Account *Likeness `json:"account,omitempty" fact:"the account number against the donor's record: match, near or mismatch"`
}

// Likeness is how alike two records are.
type Likeness string

// Likenesses.
const (
	Match    Likeness = "match"
	Near     Likeness = "near"
	Mismatch Likeness = "mismatch"
)

func (Likeness) values() []string { return []string{string(Match), string(Near), string(Mismatch)} }

// Contact is the number on which the subscriber wants to be told.
type Contact struct {
	Line        *Line `json:"line,omitempty" fact:"line of the contact number: mobile, landline, fixed-voip, virtual, toll-free, other or unknown"`
	IsTheNumber *bool `json:"is_the_number,omitempty" fact:"the contact number is one of the numbers that move"`
}

// Line is a kind of telephone line.
type Line string

// Lines.
const (
	LineMobile    Line = "mobile"
	LineLandline  Line = "landline"
	LineFixedVoIP Line = "fixed-voip"
	LineVirtual   Line = "virtual" // VoIP that is bound to no place
	LineTollFree  Line = "toll-free"
	LineOther     Line = "other"
	LineUnknown   Line = "unknown" // the carrier does not say
)

func (Line) values() []string {
	return []string{
		string(LineMobile), string(LineLandline), string(LineFixedVoIP), string(LineVirtual), string(LineTollFree), string(LineOther), string(LineUnknown),
	}
}

// Notice is what came of telling the subscriber.
type Notice struct {
	Reply       *Reply `json:"reply,omitempty" fact:"what the subscriber answered to the notice: none, yes or no"`
	Undelivered *bool  `json:"undelivered,omitempty" fact:"no notice reached the subscriber"`
}

// Reply is the subscriber's answer to a notice.
type Reply string

// Replies.
const (
	ReplyNone Reply = "none"
	ReplyYes  Reply = "yes"
	ReplyNo   Reply = "no"
)

func (Reply) values() []string { return []string{string(ReplyNone), string(ReplyYes), string(ReplyNo)} }

// Velocity counts port requests that have something in common with this one, this one included.
type Velocity struct {
	Number24h         *int `json:"number_24h,omitempty" fact:"requests for the number in 24 hours"`
	Number30d         *int `json:"number_30d,omitempty" fact:"requests for the number in 30 days"`
	Account24h        *int `json:"account_24h,omitempty" fact:"requests on the account in 24 hours"`
	Account30d        *int `json:"account_30d,omitempty" fact:"requests on the account in 30 days"`
	Signer24h         *int `json:"signer_24h,omitempty" fact:"requests with the signer in 24 hours"`
	Signer30d         *int `json:"signer_30d,omitempty" fact:"requests with the signer in 30 days"`
	SignerAccounts30d *int `json:"signer_accounts_30d,omitempty" fact:"different accounts that the signer signed for in 30 days"`
	Email24h          *int `json:"email_24h,omitempty" fact:"requests with the e-mail address in 24 hours"`
	Email30d          *int `json:"email_30d,omitempty" fact:"requests with the e-mail address in 30 days"`
	Address24h        *int `json:"address_24h,omitempty" fact:"requests with the address in 24 hours"`
	Address30d        *int `json:"address_30d,omitempty" fact:"requests with the address in 30 days"`
	Recipient24h      *int `json:"recipient_24h,omitempty" fact:"requests from the recipient in 24 hours"`
	Recipient30d      *int `json:"recipient_30d,omitempty" fact:"requests from the recipient in 30 days"`
}

// Account is what our own audit log says of the subscriber's account.
type Account struct {
	Opened         *Age  `json:"opened,omitempty" fact:"when the account was opened"`
	PasswordChange *Age  `json:"password_change,omitempty" fact:"when the password last changed"`
	ContactChange  *Age  `json:"contact_change,omitempty" fact:"when the e-mail address or another contact last changed"`
	PINCreated     *Age  `json:"pin_created,omitempty" fact:"when the transfer PIN was made"`
	LockRemoved    *Age  `json:"lock_removed,omitempty" fact:"when the lock was taken off the number"`
	UserAdded      *Age  `json:"user_added,omitempty" fact:"when an authorised user was last added"`
	NewPayer       *Age  `json:"new_payer,omitempty" fact:"when somebody else or a new card first paid"`
	TrustedDevice  *bool `json:"trusted_device,omitempty" fact:"PIN or lock were handled from a device that the account has long known"`
	Failed24h      *int  `json:"failed_24h,omitempty" fact:"wrong PINs and account numbers in 24 hours"`
}

// LOA is what the letter of authorization shows.
type LOA struct {
	OtherAccounts        *int     `json:"other_accounts,omitempty" fact:"other accounts for which the same document was sent"`
	Similarity           *float64 `json:"similarity,omitempty" fact:"likeness to the nearest letter of another account, 0 to 1"`
	SignedAfterRequest   *bool    `json:"signed_after_request,omitempty" fact:"it was signed after the port was asked for"`
	SignedBeforeCustomer *bool    `json:"signed_before_customer,omitempty" fact:"it was signed before the customer was one"`
}

// History is what we remember of the number.
type History struct {
	LastPort *Age `json:"last_port,omitempty" fact:"when the number was last ported"`
	Disputes *int `json:"disputes,omitempty" fact:"disputes over the number that are open or were lost"`
	Frauds   *int `json:"frauds,omitempty" fact:"ports of the number that were found fraudulent"`
}

// Request is what the order itself shows.
type Request struct {
	Outgoing   *bool `json:"outgoing,omitempty" fact:"the number leaves us: we are the donor"`
	Mobile     *bool `json:"mobile,omitempty" fact:"the number is a mobile one"`
	HasLOA     *bool `json:"has_loa,omitempty" fact:"the authorization is a letter"`
	Business   *bool `json:"business,omitempty" fact:"the subscriber is a business"`
	HighValue  *bool `json:"high_value,omitempty" fact:"the number is marked as worth an attack: codes of banks, an executive's, vanity, toll-free"`
	OutOfHours *bool `json:"out_of_hours,omitempty" fact:"it came outside business hours"`
	HolidayEve *bool `json:"holiday_eve,omitempty" fact:"it came on the last working day before a holiday or a weekend"`
	NearCutoff *bool `json:"near_cutoff,omitempty" fact:"it came in the last minutes before the cut-off"`
	Numbers    *int  `json:"numbers,omitempty" fact:"numbers that move"`
}

// Place is where the request came from.
type Place struct {
	DistanceKM     *int  `json:"distance_km,omitempty" fact:"kilometres from where the subscriber usually is"`
	CountryDiffers *bool `json:"country_differs,omitempty" fact:"it came from another country than usual"`
}

// Network is how the request came.
type Network struct {
	Proxy      *bool `json:"proxy,omitempty" fact:"through a proxy, a VPN or an anonymiser"`
	Emulator   *bool `json:"emulator,omitempty" fact:"from an emulated device"`
	Reputation *int  `json:"reputation,omitempty" max:"100" fact:"reputation of the address, 0 (bad) to 100"`
}

// Recipient is who takes the number.
type Recipient struct {
	Anonymous     *bool `json:"anonymous,omitempty" fact:"the new line is prepaid and its holder not identified"`
	AccountOpened *Age  `json:"account_opened,omitempty" fact:"when the account at the recipient was opened"`
	Frauds90d     *int  `json:"frauds_90d,omitempty" fact:"ports to the recipient that were found fraudulent in 90 days"`
}
