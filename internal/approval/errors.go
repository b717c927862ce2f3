package approval

import (
	"errors"
	"io/fs"

	"github.com/portsaga/portsaga/porting"
)

// refused is a no to a decision. It says which rule, and never how close a forger came.
func refused(code, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "verify decision", Detail: detail, Next: next}
}

func badSignature() error {
	return refused("signature-invalid", "the signature is not one over this statement by a key that may sign it",
		"sign the port's statement anew")
}

func badStatement(detail string) error {
	return refused("statement-malformed", detail, "take the statement from the port's challenge")
}

// unfit is a no to a registry, its roots or a part of them, named by about.
func unfit(code, about, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "read registry", Object: about, Detail: detail, Next: next}
}

// concerning names whom an error of this package is about.
func concerning(whom string, err error) error {
	if e, ok := errors.AsType[*porting.Error](err); ok {
		e.Object = whom
	}
	return err
}

func unreadable(op, file string, err error) error {
	detail := err.Error()
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		detail = e.Err.Error()
	}
	return &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: op, Object: file, Detail: detail, Err: err}
}
