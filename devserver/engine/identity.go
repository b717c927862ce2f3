package engine

import (
	"fmt"
	"os"
	"sync"

	"go.temporal.io/sdk/worker"
)

// nameBinary tells the SDK which program this is, once in a process. It would read the whole file for a digest when the server
// starts its own workers: a third of a second for a binary that carries a server. Here a file is told from its successors by its
// size and time.
var nameBinary = sync.OnceFunc(func() {
	file, err := os.Executable()
	if err != nil {
		return // the SDK says what is wrong
	}
	if info, err := os.Stat(file); err == nil {
		worker.SetBinaryChecksum(fmt.Sprintf("%s-%d-%d", info.Name(), info.Size(), info.ModTime().UnixNano()))
	}
})
