package smtp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// read takes a message apart with the standard library's readers, which are not those that wrote it.
func read(raw []byte) (Message, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, errors.New("the header cannot be read")
	}
	out := Message{Header: m.Header, Raw: raw, MessageID: m.Header.Get("Message-Id")}
	if err := out.parts(m.Header, m.Body); err != nil {
		return Message{}, err
	}
	return out, nil
}

func (m *Message) parts(header map[string][]string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(mail.Header(header).Get("Content-Type"))
	if err != nil {
		return errors.New("a part's type cannot be read")
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return errors.New("a part cannot be read")
			}
			if err := m.parts(p.Header, p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(mail.Header(header).Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		return errors.New("a part's encoding cannot be read")
	}
	m.Parts = append(m.Parts, Part{Type: kind, Params: params, Header: header, Body: b})
	return nil
}

// Part is the first part of the type, or nil.
func (m *Message) Part(kind string) *Part {
	for i := range m.Parts {
		if m.Parts[i].Type == kind {
			return &m.Parts[i]
		}
	}
	return nil
}

// Decoded is a header's value with its encoded words read, "" when it is missing.
func (m *Message) Decoded(name string) string {
	v := mail.Header(m.Header).Get(name)
	if out, err := new(mime.WordDecoder).DecodeHeader(v); err == nil {
		return out
	}
	return v
}
