package deploy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/running.md tells of services, addresses and flags that there are.
func TestTheGuideTellsWhatThereIs(t *testing.T) {
	t.Parallel()
	guide, project := read(t, "docs/running.md"), load(t)
	commands := regexp.MustCompile(`(?m)docker compose (?:run|exec|stop|up)(?: -\S+| \./\S+)* ([a-z]+(?:-[a-z]+)*)`).FindAllStringSubmatch(guide, -1)
	require.Greater(t, len(commands), 6)
	for _, command := range commands {
		require.Contains(t, project.Services, command[1], command[0])
	}
	for _, url := range regexp.MustCompile(`https?://localhost:(\d+)`).FindAllStringSubmatch(guide, -1) {
		published := false
		for _, service := range project.Services {
			for _, port := range service.Ports {
				published = published || port.Published == url[1]
			}
		}
		require.True(t, published, url[0])
	}

	rehearsed := read(t, "internal/ledger/backup_test.go")
	for _, line := range regexp.MustCompile(`(?m)^\s*(?:pg_dump|pg_restore) (.+?) --dbname`).FindAllStringSubmatch(guide, -1) {
		for flag := range strings.FieldsSeq(line[1]) {
			name, _, _ := strings.Cut(flag, "=")
			require.Contains(t, rehearsed, `"`+name, "the backup was rehearsed with other flags")
		}
	}
	require.Contains(t, guide, "VACUUM INTO '")
	require.Contains(t, rehearsed, "VACUUM INTO '")
}
