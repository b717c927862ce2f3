// Command site makes the documentation a site: HTML files that need nothing from elsewhere, with the navigation of docs/index.md.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	from := flag.String("from", "../..", "root of the repository")
	out := flag.String("out", "../../dist/docs", "directory of the site")
	flag.Parse()
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(from, out string) error {
	s, err := Read(from)
	if err != nil {
		return err
	}
	if err := s.Write(out); err != nil {
		return err
	}
	fmt.Printf("%d pages in %s\n", len(s.Pages), out)
	return nil
}
