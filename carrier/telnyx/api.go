package telnyx

import (
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// What Telnyx says and takes, as far as we use it. The names are its own.

type portabilityRequest struct {
	PhoneNumbers []porting.Number `json:"phone_numbers"`
}

type portability struct {
	PhoneNumber string `json:"phone_number"`
	Portable    bool   `json:"portable"`
}

type draftRequest struct {
	PhoneNumbers           []porting.Number `json:"phone_numbers"`
	CustomerGroupReference string           `json:"customer_group_reference"`
}

type portingOrder struct {
	ID                     string         `json:"id"`
	CustomerReference      string         `json:"customer_reference"`
	CustomerGroupReference string         `json:"customer_group_reference"`
	SupportKey             string         `json:"support_key"`
	Status                 orderStatus    `json:"status"`
	Activation             activation     `json:"activation_settings"`
	Messaging              messaging      `json:"messaging"`
	Documents              documentIDs    `json:"documents"`
	RequirementsMet        bool           `json:"requirements_met"`
	AdditionalSteps        []string       `json:"additional_steps"`
	PhoneNumbers           []portedNumber `json:"phone_numbers"`
	PhoneNumbersCount      int            `json:"porting_phone_numbers_count"`
	CreatedAt              time.Time      `json:"created_at"`
	UpdatedAt              time.Time      `json:"updated_at"`
}

type orderStatus struct {
	Value   string      `json:"value"`
	Details []exception `json:"details"`
}

type exception struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

type activation struct {
	FastPort     bool      `json:"fast_port_eligible"`
	FOCActual    time.Time `json:"foc_datetime_actual"`
	FOCRequested time.Time `json:"foc_datetime_requested"`
}

type messaging struct {
	Capable bool   `json:"messaging_capable"`
	Enabled bool   `json:"enable_messaging"`
	Status  string `json:"messaging_port_status"`
}

type documentIDs struct {
	LOA     string `json:"loa,omitempty"`
	Invoice string `json:"invoice,omitempty"`
}

type portedNumber struct {
	PhoneNumber      string `json:"phone_number"`
	OrderID          string `json:"porting_order_id"`
	ActivationStatus string `json:"activation_status"`
}

// number is a number as Telnyx writes it, with or without its plus.
func number(s string) porting.Number {
	return porting.Number("+" + strings.TrimPrefix(s, "+"))
}

// orderPatch is what we change of an order. What is left out stays as it is.
type orderPatch struct {
	CustomerReference string           `json:"customer_reference,omitempty"`
	WebhookURL        string           `json:"webhook_url,omitempty"`
	EndUser           *endUser         `json:"end_user,omitempty"`
	Misc              *misc            `json:"misc,omitempty"`
	Activation        *activationPatch `json:"activation_settings,omitempty"`
	Messaging         *messagingPatch  `json:"messaging,omitempty"`
	Documents         *documentIDs     `json:"documents,omitempty"`
}

type endUser struct {
	Admin    admin    `json:"admin"`
	Location location `json:"location"`
}

type admin struct {
	EntityName         string `json:"entity_name,omitempty"`
	AuthPersonName     string `json:"auth_person_name,omitempty"`
	AccountNumber      string `json:"account_number,omitempty"`
	BillingPhoneNumber string `json:"billing_phone_number,omitempty"`
	PIN                string `json:"pin_passcode,omitempty"`
}

type location struct {
	StreetAddress string `json:"street_address,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Area          string `json:"administrative_area,omitempty"`
	PostalCode    string `json:"postal_code,omitempty"`
	CountryCode   string `json:"country_code,omitempty"`
}

type misc struct {
	Type string `json:"type"` // full or partial
}

// activationPatch asks for a date. Telnyx's guide has the activation type, which its contract leaves out.
type activationPatch struct {
	FOCRequested   string `json:"foc_datetime_requested,omitempty"`
	ActivationType string `json:"activation_type,omitempty"`
}

type messagingPatch struct {
	Enable bool `json:"enable_messaging"`
}

type focWindow struct {
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at"`
}

type activationJob struct {
	Status string `json:"status"`
}

type requirement struct {
	Value  string `json:"field_value"`
	Status string `json:"requirement_status"`
	Type   struct {
		Name string `json:"name"`
	} `json:"requirement_type"`
}
