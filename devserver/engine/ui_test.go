package engine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/engine/enginetest"
)

var scriptPath = regexp.MustCompile(`/_app/[^"' ]+\.js`)

func TestWebUIServesItsEmbeddedAssets(t *testing.T) {
	base := enginetest.Shared(t).UIAddress()
	page, kind := get(t, base+"/")
	require.Contains(t, kind, "text/html")
	script := scriptPath.FindString(page)
	require.NotEmpty(t, script, "the page names no script")

	body, kind := get(t, base+script)
	require.Contains(t, kind, "javascript")
	require.NotEmpty(t, body)
}

func TestWebUIReachesTheServer(t *testing.T) {
	e := enginetest.Shared(t)
	body, _ := get(t, e.UIAddress()+"/api/v1/namespaces/"+e.Namespace())
	require.Contains(t, body, `"`+e.Namespace()+`"`)
}

func TestWebUIOffersNoTerminate(t *testing.T) {
	e := enginetest.Shared(t)
	body, _ := get(t, e.UIAddress()+"/api/v1/settings")
	var settings struct {
		DefaultNamespace          string
		WorkflowTerminateDisabled bool
		WorkflowSignalDisabled    bool
	}
	require.NoError(t, json.Unmarshal([]byte(body), &settings))
	require.Equal(t, e.Namespace(), settings.DefaultNamespace)
	require.True(t, settings.WorkflowTerminateDisabled)
	require.False(t, settings.WorkflowSignalDisabled)
}

func get(t *testing.T, url string) (body, contentType string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	require.Equal(t, http.StatusOK, response.StatusCode, url)
	read, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(read), response.Header.Get("Content-Type")
}
