package activities_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// winback are words that keep a customer, in the languages that there are texts in. A donor may not say them while a port is
// under way (47 U.S.C. 222(b) and its like elsewhere).
const winback = `(?i)\b(offers?|discounts?|deals?|bonus|cheaper|vouchers?|stay with us|come back|angebot\w*|rabatt\w*|gutschein\w*|prämie\w*|günstiger\w*|` +
	`bleiben sie|ofertas?|descuentos?|bono|regalo|quédese|vuelva|offre\w*|remises?|promotions?|cadeaux?|restez|revenez|descontos?|bônus|brindes?|fique|volte)\b`

func TestADonorsNoticeKeepsNobody(t *testing.T) {
	t.Parallel()
	require.Regexp(t, winback, "Bleiben Sie bei uns: 20 % Rabatt", "these words are found")
	texts, err := notify.EmbeddedTemplates()
	require.NoError(t, err)
	for _, lang := range texts.Languages() {
		for _, kind := range []notify.Kind{notify.PortOutRequested, notify.BlockedAttempt, notify.Completed, notify.RolledBack} {
			content, err := texts.Render(kind, lang, notify.SampleWords(), "https://port.example/stop/TOKEN")
			require.NoError(t, err)
			for _, text := range []string{content.Subject, content.Text, content.SMS, content.HTML} {
				require.NotRegexp(t, winback, text, "%s/%s", lang, kind)
			}
		}
	}

	var fields []string
	for field := range reflect.TypeFor[porting.NoticeInput]().Fields() {
		fields = append(fields, field.Name)
	}
	require.Equal(t, []string{"Leaving", "Event", "Reason"}, fields, "a notice has no room for words of ours")
}
