package rules

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// telnyxCodes is the carrier's published list.
var telnyxCodes = []string{
	"ACCOUNT_NUMBER_MISMATCH", "AUTH_PERSON_MISMATCH", "BTN_ATN_MISMATCH", "ENTITY_NAME_MISMATCH", "FOC_EXPIRED", "FOC_REJECTED",
	"LOCATION_MISMATCH", "LSR_PENDING", "MAIN_BTN_PORTING", "OSP_IRRESPONSIVE", "OTHER", "PASSCODE_PIN_INVALID", "PHONE_NUMBER_HAS_SPECIAL_FEATURE",
	"PHONE_NUMBER_MISMATCH", "PHONE_NUMBER_NOT_PORTABLE", "PORT_TYPE_INCORRECT", "PORTING_ORDER_SPLIT_REQUIRED", "POSTAL_CODE_MISMATCH",
	"RATE_CENTER_NOT_PORTABLE", "SV_CONFLICT", "SV_UNKNOWN_FAILURE",
}

var twilioCodes = []string{
	"CONTACT_SUPPORT_REQUIRED", "PHONE_NUMBER_WITH_CARRIER_RESTRICTION", "PHONE_NUMBER_INACTIVE_OR_DISCONNECTED",
	"INVALID_END_USER_NAME", "INVALID_ADDRESS", "INVALID_PIN", "INVALID_ACCOUNT_NUMBER",
}

func TestEveryPublishedCodeIsKnown(t *testing.T) {
	t.Parallel()
	require.Len(t, telnyxCodes, 21)
	require.Len(t, twilioCodes, 7)
	for carrier, codes := range map[string][]string{
		"telnyx":  append(telnyxCodes, "LOA_ILLEGIBLE", "ACCOUNT_NUMBER_REQUIRED", "AUTH_NAME_MISMATCH", "DIFFERENT_RATE_CENTERS", "INVALID_RESELLER"),
		"twilio":  twilioCodes,
		"unheard": {"8A", "6B", "6P", "8D", "9E", "7C", "7T", "6A", "6D", "8B", "8C"},
		"bandwidth": {
			"7401", "7402", "7407", "7412", "7416", "7424", "7425", "7429", "7432", "7433", "7434", "7435", "7445", "7473",
			"7300", "7301", "7302", "7315",
		},
		"simulator": {"PIN_MISMATCH", "ACCOUNT_NUMBER_MISMATCH", "PORT_PROTECTED"},
	} {
		for _, code := range codes {
			m := Map(carrier, code, "")
			require.True(t, m.Known, "%s %s", carrier, code)
			require.Contains(t, porting.Reasons, m.Reason)
			require.Contains(t, []string{"customer", "recipient", "donor", "carrier", "us"}, m.Owner)
			require.NotEmpty(t, m.Fix)
		}
	}
}

func TestMeanings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		carrier, code, text string
		want                porting.Reason
	}{
		{"telnyx", "PASSCODE_PIN_INVALID", "", porting.PINMismatch},
		{"telnyx", "passcode_pin_invalid ", "", porting.PINMismatch},
		{"twilio", "INVALID_ADDRESS", "", porting.AddressMismatch},
		{"bandwidth", "7416", "", porting.PortProtected},
		{"bandwidth", "7402", "", porting.AddressMismatch},
		{"bandwidth", "7402", "zip code does not match", porting.ZIPMismatch},
		{"bandwidth", "7407", "", porting.PendingOrder},
		{"bandwidth", "7407", "this number already has an order to another provider", porting.DuplicateRequest},
		{"bandwidth", "7432", "", porting.CancelLocked},
		{"mvno", "951", "8A: Account number required or incorrect", porting.AccountNumberMismatch},
		{"mvno", "951", "6B T-Mobile Number Transfer PIN is required or incorrect", porting.PINMismatch},
		{"mvno", "951", "rejected, reason 6P", porting.PortProtected},
		{"mvno", "951", "Zip code mismatch", porting.ZIPMismatch},
		{"mvno", "951", "transfer PIN has expired", porting.PINExpired},
		{"mvno", "951", "customer has an outstanding balance", porting.UnpaidBalance},
		{"es-node", "RECH_PERDI", "", porting.PortProtected},
		{"", "", "Rejected: account number missing", porting.AccountNumberRequired},
	} {
		m := Map(c.carrier, c.code, c.text)
		require.Equal(t, c.want, m.Reason, "%s %s %q", c.carrier, c.code, c.text)
		require.True(t, m.Known)
	}
}

func TestWhatNobodyKnowsIsParked(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"telnyx", "MOON_PHASE", ""}, {"mvno", "951", "computer says no"}, {"mvno", "951", ""}, {"", "", ""}} {
		m := Map(c[0], c[1], c[2])
		require.False(t, m.Known, "%v", c)
		require.Equal(t, porting.OtherReason, m.Reason)
		require.NotEmpty(t, m.Owner)
		require.NotEmpty(t, m.Fix)
	}
}

func TestTaxonomyIsSound(t *testing.T) {
	t.Parallel()
	tax := taxonomy()
	for _, reason := range porting.Reasons {
		require.NotEmpty(t, tax.Reasons[reason].Fix, "%s has no fix", reason)
	}
	require.Len(t, tax.Reasons, len(porting.Reasons))
	for carrier, codes := range tax.Carriers {
		for code, reason := range codes {
			require.Contains(t, tax.Reasons, reason, "%s %s", carrier, code)
		}
	}
	for _, text := range tax.Texts {
		require.Contains(t, tax.Reasons, text.Reason, text.Pattern)
	}
	carrierRows := 0
	for code := range tax.Carriers["bandwidth"] {
		if code >= "7400" && code <= "7485" && len(code) == 4 {
			carrierRows++
		}
	}
	require.GreaterOrEqual(t, carrierRows, 51, "the carrier's distinct codes")
}

func FuzzMap(f *testing.F) {
	f.Add("telnyx", "OTHER", "8A: Account number required or incorrect")
	f.Add("mvno", "951", "\xff\x00 6P")
	f.Fuzz(func(t *testing.T, carrier, code, text string) {
		if m := Map(carrier, code, text); m.Owner == "" || m.Fix == "" {
			t.Fatalf("%q %q %q has no owner or no fix", carrier, code, text)
		}
	})
}
