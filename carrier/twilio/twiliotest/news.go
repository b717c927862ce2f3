package twiliotest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's choice
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// events are Twilio's names for what the simulated carrier tells.
var events = map[string]string{
	simulator.Confirmed: "PortInPhoneNumberPending", simulator.Activated: "PortInCompleted",
	simulator.Rejected: "PortInActionRequired", simulator.Cancelled: "PortInCanceled", simulator.PortedAnyway: "PortInCompleted",
}

// news takes what the simulated carrier has to tell, and passes it on in Twilio's words. Its duplicates, its losses and its
// disorder stay.
func (s *Server) news(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, simulator.MaxWebhook))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	told, err := simulator.VerifyWebhook(Secret, r.Header, body, time.Now())
	event := events[strings.TrimPrefix(told.Type, "order.")]
	if err != nil || event == "" || s.Target() == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	status, err := s.tell(r.Context(), told.Order.Port, event)
	if err != nil {
		status = http.StatusBadGateway
	}
	w.WriteHeader(status)
}

func (s *Server) tell(ctx context.Context, sid, event string) (int, error) {
	body, err := json.Marshal(map[string]any{"port_in_request_sid": sid, "status": event})
	if err != nil {
		return 0, err
	}
	address, signature := Sign(Token, s.Target(), body)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Twilio-Signature", signature)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

// Sign is the address that Twilio calls for a target with a body that is no form, and its signature.
func Sign(token porting.Secret, target string, body []byte) (address, signature string) {
	sum := sha256.Sum256(body)
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	address = target + separator + "bodySHA256=" + hex.EncodeToString(sum[:])
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	mac.Write([]byte(address))
	return address, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
