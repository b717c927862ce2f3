package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

type amendOptions struct {
	Port     string
	Account  string
	BTN      string
	Name     string
	DueDate  string
	CodeFile string
	By       string
	Address  porting.Address
}

func newPortAmend(f *Factory) *cobra.Command {
	o := amendOptions{}
	cmd := &cobra.Command{
		Use:   "amend PORT",
		Short: "Correct an order that its carrier rejected",
		Long: "Correct an order in exception and submit it again. Only what is given changes; an address is replaced as a whole. A new\n" +
			"authorization code is read from a file, so that it shows in no process list, and goes to the vault.",
		Example: "  portsaga port amend PORT --account 4412-77\n" +
			"  portsaga port amend PORT --street \"1 Example Plaza\" --city \"New York\" --region NY --postal-code 10001 --country US\n" +
			"  portsaga port amend PORT --code-file -",
		Args: exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Port = args[0]
			message, err := o.message(cmd)
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), f, message)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Account, "account", "", "account number at the donor")
	flags.StringVar(&o.BTN, "btn", "", "billing telephone number, as + country code and digits")
	flags.StringVar(&o.Name, "name", "", "the subscriber's name as the donor knows it")
	flags.StringVar(&o.DueDate, "due-date", "", "desired due date, like 2026-12-31")
	flags.StringVar(&o.CodeFile, "code-file", "", "file with a new authorization code; - reads stdin")
	flags.StringVar(&o.Address.Street, "street", "", "street of the service address")
	flags.StringVar(&o.Address.City, "city", "", "city of the service address")
	flags.StringVar(&o.Address.Region, "region", "", "state or province of the service address")
	flags.StringVar(&o.Address.PostalCode, "postal-code", "", "postal code of the service address")
	flags.StringVar(&o.Address.Country, "country", "", "country of the service address, two letters")
	byFlag(cmd, &o.By)
	return cmd
}

// message is the correction that the flags ask for, still without a code.
func (o amendOptions) message(cmd *cobra.Command) (porting.Amend, error) {
	m := porting.Amend{ID: newMessageID(), AccountNumber: o.Account, Name: o.Name, DueDate: o.DueDate}
	if o.BTN != "" {
		btn, err := porting.ParseNumber(o.BTN)
		if err != nil {
			return m, err
		}
		m.BTN = btn
	}
	if _, err := time.Parse(time.DateOnly, o.DueDate); o.DueDate != "" && err != nil {
		return m, usage(cmd, "--due-date is not a day like 2026-12-31")
	}
	if o.Address != (porting.Address{}) {
		m.Address = &o.Address
	}
	if m == (porting.Amend{ID: m.ID}) && o.CodeFile == "" {
		return m, usage(cmd, "say what to correct")
	}
	return m, nil
}

func (o amendOptions) run(ctx context.Context, f *Factory, message porting.Amend) error {
	by, err := f.who(o.By)
	if err != nil {
		return err
	}
	message.By = by
	if o.CodeFile != "" {
		if message.CodeRef, err = o.keepCode(ctx, f); err != nil {
			return err
		}
	}
	return f.send(ctx, func(p Ports) (porting.Answer, error) { return p.Amend(ctx, o.Port, message) })
}

// maxCode is longer than any authorization code, in bytes.
const maxCode = 1 << 10

// keepCode puts a new authorization code into the vault and returns its reference.
func (o amendOptions) keepCode(ctx context.Context, f *Factory) (string, error) {
	file, err := f.open(o.CodeFile)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCode+1))
	if err != nil {
		return "", fmt.Errorf("read authorization code: %w", err)
	}
	code := bytes.TrimSpace(text)
	if len(code) == 0 || len(text) > maxCode {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "code-file-invalid", Op: "read authorization code", Object: o.CodeFile,
			Detail: fmt.Sprintf("it holds no code of 1 to %d bytes", maxCode),
		}
	}
	store, err := f.Secrets(ctx)
	if err != nil {
		return "", err
	}
	return store.PutSecret(ctx, o.Port, porting.Secret(code))
}
