package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestFilesOfOtherVersionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file   storeFile
		change string
		detail string
	}{
		"older schema":      {mainFile, `UPDATE portsaga_engine SET schema_version = '0.10'`, "schema 0.10"},
		"older server line": {mainFile, `UPDATE portsaga_engine SET server_version = '1.31.4'`, "server 1.31.4"},
		"other visibility":  {visibilityFile, `UPDATE portsaga_engine SET schema_version = '0.0'`, "schema 0.0"},
		"not our file":      {mainFile, `DROP TABLE portsaga_engine`, "no record"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := preparedOptions(t)
			execute(t, o, test.file, test.change)

			_, err := Start(t.Context(), o)
			require.Equal(t, "engine-schema-mismatch", porting.CodeOf(err))
			require.Equal(t, porting.Refused, porting.KindOf(err))
			require.ErrorContains(t, err, test.detail)
			require.ErrorContains(t, err, test.file.name)
			require.ErrorContains(t, err, "start this one in an empty directory")
		})
	}
}

func TestPatchReleaseOpensTheSameFiles(t *testing.T) {
	t.Parallel()
	o := preparedOptions(t)
	execute(t, o, mainFile, `UPDATE portsaga_engine SET server_version = '`+serverLine(mainFile.record.server)+`.99'`)
	require.NoError(t, prepareFiles(t.Context(), o))
}

func TestIndexesThatNoQuestionUsesAreDropped(t *testing.T) {
	t.Parallel()
	o := preparedOptions(t)
	require.Len(t, indexesOf(t, o), 24)
	require.Subset(t, indexesOf(t, o), []string{"by_workflow_id", "by_status", "by_keyword_01", "by_datetime_03", "by_bool_01"})

	execute(t, o, visibilityFile, `CREATE INDEX by_double_01 ON executions_visibility (namespace_id, Double01)`)
	require.NoError(t, prepareFiles(t.Context(), o))
	require.NotContains(t, indexesOf(t, o), "by_double_01", "an older file is thinned out")
}

func indexesOf(t *testing.T, o Options) []string {
	t.Helper()
	db, err := openFile(o, visibilityFile)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	names, err := indexNames(t.Context(), tx)
	require.NoError(t, err)
	return names
}

func TestMissingVisibilityFileIsRefused(t *testing.T) {
	t.Parallel()
	o := preparedOptions(t)
	require.NoError(t, os.Remove(o.path(visibilityFile)))
	_, err := Start(t.Context(), o)
	require.Equal(t, "engine-file-missing", porting.CodeOf(err))
}

func TestInterruptedFirstStartIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	o := preparedOptions(t)
	require.NoError(t, os.Remove(o.path(mainFile)))
	require.NoError(t, prepareFiles(t.Context(), o))
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	t.Parallel()
	o := preparedOptions(t)
	for _, f := range []storeFile{mainFile, visibilityFile} {
		info, err := os.Stat(o.path(f))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f.name)
	}
}

func TestDirectoryNamesMayHoldSpecialCharacters(t *testing.T) {
	t.Parallel()
	o, err := Options{Dir: filepath.Join(t.TempDir(), "100% port? #1 ü")}.withDefaults()
	require.NoError(t, err)
	require.NoError(t, prepareFiles(t.Context(), o))
	require.FileExists(t, o.path(mainFile))
	require.NoError(t, createNamespace(o), "the server's driver reads the same path")
}

func preparedOptions(t *testing.T) Options {
	t.Helper()
	o, err := Options{Dir: t.TempDir()}.withDefaults()
	require.NoError(t, err)
	require.NoError(t, prepareFiles(t.Context(), o))
	return o
}

func execute(t *testing.T, o Options, f storeFile, statement string) {
	t.Helper()
	db, err := openFile(o, f)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}
