package cli

import (
	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

func newNumberContact(f *Factory) *cobra.Command {
	var t numberTarget
	var c guard.Contact
	var by string
	cmd := &cobra.Command{
		Use:   "contact NUMBER|--account ACCOUNT",
		Short: "Say where the people of a number are told of its protection",
		Long: "Say by which e-mail address and telephone the people of a number, or of an account, are told of locks, unlocks and PINs, once\n" +
			"you are sure of them. It replaces the contact until now, which is told of the change and, for a month, of everything. A\n" +
			"gate worker sends the notices. Contacts are sealed in the ledger.",
		Example: "  portsaga number contact +12125550123 --email maria@example.com --phone +12125550188 --lang es",
		Args:    t.oneTarget(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Phone != "" {
				if _, err := porting.ParseNumber(c.Phone); err != nil {
					return err
				}
			}
			who, err := f.who(by)
			if err != nil {
				return err
			}
			return f.withGuard(cmd.Context(), t, func(g *guard.Guard, s guard.Subject) error {
				if err := g.SetContact(cmd.Context(), s, c, who, f.Now()); err != nil {
					return err
				}
				return f.showProtection(cmd.Context(), g, s, 0)
			})
		},
	}
	t.flags(cmd)
	byFlag(cmd, &by)
	cmd.Flags().StringVar(&c.Email, "email", "", "e-mail address")
	cmd.Flags().StringVar(&c.Phone, "phone", "", "telephone that takes SMS, in E.164")
	cmd.Flags().StringVar(&c.Lang, "lang", "", "language, like es or pt-BR (that of --country)")
	cmd.Flags().StringVar(&c.Country, "country", "", "country, like US, for the language")
	return cmd
}
