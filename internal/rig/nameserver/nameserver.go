// Package nameserver is a small name server for tests: it speaks DNS over UDP on this machine and says what the test has it say.
package nameserver

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers from what it was told. Names are written without a final dot.
type Server struct {
	Addr string // "127.0.0.1:port"

	mu     sync.Mutex
	leads  map[string][]netip.Addr
	texts  map[string][]string
	alias  map[string]string
	silent bool
}

// Start runs a name server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s := &Server{Addr: c.LocalAddr().String(), leads: map[string][]netip.Addr{}, texts: map[string][]string{}, alias: map[string]string{}}
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if out := s.answer(b[:n]); out != nil {
				_, _ = c.WriteTo(out, from)
			}
		}
	}()
	return s
}

// Lead has the name lead to these addresses; none: there is no such name.
func (s *Server) Lead(name string, to ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alias, name)
	delete(s.leads, name)
	for _, a := range to {
		s.leads[name] = append(s.leads[name], netip.MustParseAddr(a))
	}
}

// Alias makes the name a CNAME of another.
func (s *Server) Alias(name, of string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.leads, name)
	s.alias[name] = of
}

// Say sets the TXT records of the name; none: there is no such name.
func (s *Server) Say(name string, texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.texts, name); len(texts) > 0 {
		s.texts[name] = texts
	}
}

// Silence has the server fail every question, or answer again.
func (s *Server) Silence(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = yes
}

func (s *Server) answer(packet []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := m.Questions[0]
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionDesired: m.RecursionDesired, RecursionAvailable: true}, Questions: m.Questions}
	head := func(name dnsmessage.Name, kind dnsmessage.Type) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: name, Type: kind, Class: dnsmessage.ClassINET, TTL: 1}
	}
	add := func(h dnsmessage.ResourceHeader, b dnsmessage.ResourceBody) {
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: h, Body: b})
	}
	name, at := strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")), q.Name
	if to, ok := s.alias[name]; ok {
		next := dnsmessage.MustNewName(to + ".")
		add(head(at, dnsmessage.TypeCNAME), &dnsmessage.CNAMEResource{CNAME: next})
		name, at = to, next
	}
	_, leads := s.leads[name]
	_, says := s.texts[name]
	switch {
	case s.silent:
		out.RCode, out.Answers = dnsmessage.RCodeServerFailure, nil
	case !leads && !says:
		out.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeTXT && says:
		for _, t := range s.texts[name] {
			add(head(at, q.Type), &dnsmessage.TXTResource{TXT: []string{t}})
		}
	default:
		for _, a := range s.leads[name] {
			switch {
			case q.Type == dnsmessage.TypeA && a.Is4():
				add(head(at, q.Type), &dnsmessage.AResource{A: a.As4()})
			case q.Type == dnsmessage.TypeAAAA && a.Is6():
				add(head(at, q.Type), &dnsmessage.AAAAResource{AAAA: a.As16()})
			}
		}
	}
	b, err := out.Pack()
	if err != nil {
		return nil
	}
	return b
}
