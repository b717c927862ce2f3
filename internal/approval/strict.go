package approval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"

	// Its decoder knows no case folding and refuses a key that comes twice.
	josejson "github.com/go-jose/go-jose/v4/json"
)

// strictly reads JSON that says exactly what into says when it is written again: every field once and in its own case, none
// unknown, none missing, no value in another spelling, nothing behind it.
func strictly(text []byte, into any) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	again, err := json.Marshal(into)
	if err != nil {
		return err
	}
	var said, meant any
	if err := errors.Join(josejson.Unmarshal(text, &said), josejson.Unmarshal(again, &meant)); err != nil {
		return err
	}
	if !reflect.DeepEqual(said, meant) {
		return errors.New("a field is missing, or is not written as portsaga writes it")
	}
	return nil
}

// Digest is the SHA-256 of exact bytes, as statements, registries and verdicts name it.
func Digest(exact []byte) string {
	sum := sha256.Sum256(exact)
	return "sha256:" + hex.EncodeToString(sum[:])
}
