package porting_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for kind, code := range map[porting.Kind]int{
		porting.Failed: 1, porting.Invalid: 2, porting.Refused: 3, porting.NotFound: 4, porting.Unauthorised: 5,
	} {
		err := &porting.Error{Kind: kind, Code: "some-code", Op: "test", Detail: "no"}
		for _, e := range []error{err, fmt.Errorf("on the way: %w", err), errors.Join(io.EOF, err)} {
			require.Equal(t, code, porting.ExitCode(e), kind)
			require.Equal(t, kind, porting.KindOf(e))
			require.Equal(t, "some-code", porting.CodeOf(e))
		}
	}
	require.Equal(t, 0, porting.ExitCode(nil))
	require.Equal(t, 1, porting.ExitCode(io.EOF))
	require.Equal(t, porting.Failed, porting.KindOf(io.EOF))
	require.Empty(t, porting.CodeOf(io.EOF))
	require.Empty(t, porting.CodeOf(nil))
	require.Equal(t, 2, porting.ExitCode(&porting.Error{Kind: porting.Invalid, Err: &porting.Error{Kind: porting.Refused}}),
		"the outermost error speaks")
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]*porting.Error{
		"read number: no digits":                            {Op: "read number", Detail: "no digits"},
		"read number …0123: too long":                       {Op: "read number", Object: "…0123", Detail: "too long"},
		"start port pi-1: it is open; look with port show":  {Op: "start port", Object: "pi-1", Detail: "it is open", Next: "look with port show"},
		"start port: no server answers; start one with dev": {Op: "start port", Detail: "no server answers", Next: "start one with dev", Err: io.EOF},
	} {
		require.EqualError(t, err, want)
	}
	require.ErrorIs(t, &porting.Error{Err: io.EOF}, io.EOF)
	require.NoError(t, errors.Unwrap(&porting.Error{}))
}
