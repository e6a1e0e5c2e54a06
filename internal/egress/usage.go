package egress

import (
	"net"
	"slices"
	"strings"

	"almirah/internal/clock"
)

// Use is what one processor got on one day (UTC).
type Use struct {
	Processor string
	Day       clock.Date
	Calls     int64 // connections opened, or HTTP requests answered
	Failed    int64 // connections that the network did not give
	Refused   int64 // attempts that the gate refused
	Sent      int64 // bytes on the wire, TLS included
	Received  int64
}

// Take hands out what was counted since the last time, for who keeps it longer than a process lives.
func (g *Gate) Take() []Use {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Use
	for _, u := range g.kept {
		out = append(out, *u)
	}
	clear(g.kept)
	return out
}

// Return gives back what could not be kept: it is handed out again the next time.
func (g *Gate) Return(list []Use) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, x := range list {
		u := at(g.kept, useKey{x.Processor, x.Day})
		u.Calls, u.Failed, u.Refused, u.Sent, u.Received = u.Calls+x.Calls, u.Failed+x.Failed, u.Refused+x.Refused, u.Sent+x.Sent, u.Received+x.Received
	}
}

func at(uses map[useKey]*Use, k useKey) *Use {
	u := uses[k]
	if u == nil {
		u = &Use{Processor: k.processor, Day: k.day}
		uses[k] = u
	}
	return u
}

// useDays is how many days this process remembers by itself.
const useDays = 32

type useKey struct {
	processor string
	day       clock.Date
}

// Usage is what went where, newest day first, then by processor. Attempts in the name of a
// processor that is not in the register stand under "unlisted".
func (g *Gate) Usage() []Use {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Use, 0, len(g.uses))
	for _, u := range g.uses {
		out = append(out, *u)
	}
	slices.SortFunc(out, func(a, b Use) int {
		if c := strings.Compare(string(b.Day), string(a.Day)); c != 0 {
			return c
		}
		return strings.Compare(a.Processor, b.Processor)
	})
	return out
}

func (g *Gate) count(processorID string, add func(*Use)) {
	if g.doors[processorID] == nil {
		processorID = "unlisted"
	}
	day := clock.DateOf(g.clock.Now())
	g.mu.Lock()
	defer g.mu.Unlock()
	k := useKey{processorID, day}
	if g.uses[k] == nil {
		for old := range g.uses {
			if old.day < day.AddDays(-useDays) {
				delete(g.uses, old)
			}
		}
	}
	add(at(g.uses, k))
	add(at(g.kept, k))
}

// countedConn counts the bytes of a connection on the day on which they pass.
type countedConn struct {
	net.Conn
	gate      *Gate
	processor string
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.gate.count(c.processor, func(u *Use) { u.Received += int64(n) })
	}
	return n, err
}

func (c *countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if n > 0 {
		c.gate.count(c.processor, func(u *Use) { u.Sent += int64(n) })
	}
	return n, err
}
