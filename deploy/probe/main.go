// Command probe asks one URL and exits 0 if the answer is a success. It is the health check of an image that has no shell.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"
)

// patience is shorter than the health check's own time limit, so that the reason still gets printed.
const patience = 2 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one URL, got %d arguments", len(args))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return probe(ctx, args[0])
}

func probe(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}
