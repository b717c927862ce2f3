package porting

import "time"

// Clock maps real time to business time, the time in which packs, carriers and people live. In production the two are
// the same. The demo runs its business time faster, from a morning of its choice: deadlines keep their dates and take
// seconds. A port carries the clock that it was received with; a worker outside demo and dev refuses a scaled one.
type Clock struct {
	Scale         float64   `json:"scale,omitempty"`     // business seconds in a real second; 0 and 1 mean real time
	RealStart     time.Time `json:"real_start,omitzero"` // the real instant at which business time was BusinessStart
	BusinessStart time.Time `json:"business_start,omitzero"`
}

// Scaled reports whether business time differs from real time.
func (c Clock) Scaled() bool { return c.Scale != 0 && c.Scale != 1 }

// Business is the business time at a real instant.
func (c Clock) Business(at time.Time) time.Time {
	if !c.Scaled() {
		return at
	}
	return c.BusinessStart.Add(time.Duration(float64(at.Sub(c.RealStart)) * c.Scale))
}

// Real is the real instant of a business time.
func (c Clock) Real(business time.Time) time.Time {
	if !c.Scaled() {
		return business
	}
	return c.RealStart.Add(time.Duration(float64(business.Sub(c.BusinessStart)) / c.Scale))
}

// RealDuration is how long a business duration takes on the wall.
func (c Clock) RealDuration(d time.Duration) time.Duration {
	if !c.Scaled() {
		return d
	}
	return time.Duration(float64(d) / c.Scale)
}
