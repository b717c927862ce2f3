// Package rules knows how numbers move in each jurisdiction: which deadlines run and when they end, which codes are good,
// which refusals are lawful, what silence means. All of that is data, in packs; the Go code holds no duration and no
// country. It reads nothing but its packs, asks no clock, and gives the same answer from any process time zone.
//
// A deadline is an instant at the end of the time allowed: 17:00 means "until 17:00", and 00:00 closes the day before.
package rules
