// Package sabotage shows that the tests can fail: each saboteur puts one bug into one file, as the compiler sees it, and names
// the test that must turn red. `make saboteurs` runs them all. No file of the tree is changed.
package sabotage
