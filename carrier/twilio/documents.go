package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"

	"github.com/portsaga/portsaga/porting"
)

// uploads is where documents go; Twilio keeps it apart from the rest.
const uploads = "https://numbers-upload.twilio.com/v1/Documents"

// maxDocument is the largest that Twilio takes, in bytes.
const maxDocument = 10 << 20

var documentSID = regexp.MustCompile(`^RD[0-9a-fA-F]{32}$`)

// UploadBill gives Twilio a utility bill, a PDF or an image of at most 10 MB, and returns the SID by which orders name it.
// One whose answer was lost is uploaded again: nothing names the first. Errors are document-invalid (Invalid) and those of
// the Gateway.
func (c *Client) UploadBill(ctx context.Context, name string, bill []byte) (string, error) {
	q := call{"upload document", name}
	if len(bill) == 0 || len(bill) > maxDocument {
		return "", q.failure(porting.Invalid, "document-invalid", "it is empty, or larger than 10 MB", "")
	}
	body, kind, err := form(name, bill)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, uploads, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", kind)
	res, err := (&session{ctx: ctx, client: c}).send(req)
	if no, ok := refused(err); ok {
		return "", q.saysNo("carrier-refused", no)
	}
	if err != nil {
		return "", q.unavailable(err)
	}
	defer res.Body.Close()
	var told struct {
		SID      string `json:"sid"`
		MIMEType string `json:"mime_type"`
	}
	if err := json.NewDecoder(res.Body).Decode(&told); err != nil || !documentSID.MatchString(told.SID) {
		return "", q.unavailable(errUnread)
	}
	if told.MIMEType == "" {
		return "", q.failure(porting.Refused, "carrier-refused", "Twilio found no content in it", "upload a PDF or an image without a password")
	}
	return told.SID, nil
}

func form(name string, bill []byte) (io.Reader, string, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, text := range map[string]string{"document_type": "utility_bill", "friendly_name": name} {
		if err := w.WriteField(field, text); err != nil {
			return nil, "", err
		}
	}
	file, err := w.CreateFormFile("File", name)
	if err != nil {
		return nil, "", err
	}
	if _, err := file.Write(bill); err != nil {
		return nil, "", err
	}
	return &body, w.FormDataContentType(), w.Close()
}
