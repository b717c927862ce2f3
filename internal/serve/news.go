package serve

import (
	"context"
	"io"
	"net/http"

	"github.com/portsaga/portsaga/porting"
)

// News takes the news of carriers. *worker.News does. NotFound means that no such carrier sends news, Invalid that these cannot
// be understood, Unauthorised that their signature does not fit; every other error, that the carrier should send them again.
type News interface {
	Take(ctx context.Context, carrier string, header http.Header, body []byte) error
}

// maxNews bounds the body of news, in bytes.
const maxNews = 1 << 20

// news takes a carrier's webhook: 202 for what was taken or is about nothing of ours, and 503 for what the carrier should send
// again. Who signs well may send as often as it has news.
func (d *door) news(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNews))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	name := r.PathValue("carrier")
	if err = d.News.Take(r.Context(), name, r.Header, body); err == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	switch porting.KindOf(err) {
	case porting.NotFound:
		http.NotFound(w, r)
	case porting.Invalid:
		http.Error(w, "not a webhook", http.StatusBadRequest)
	case porting.Unauthorised:
		if d.tooMany(r) {
			http.Error(w, "too many tries", http.StatusTooManyRequests)
			return
		}
		http.Error(w, "signature not accepted", http.StatusUnauthorized)
	default:
		d.Log.Warn("a carrier's news could not be taken", "carrier", name, "code", porting.CodeOf(err))
		http.Error(w, "try again", http.StatusServiceUnavailable)
	}
}
