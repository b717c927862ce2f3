// Package examples holds the example orders, so that tests and the demo run what the documentation shows.
package examples

import "embed"

// Orders are the example orders, on numbers reserved for fiction.
//
//go:embed orders/*.yaml
var Orders embed.FS
