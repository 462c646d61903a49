package classlist

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	maxDepth    = 64        // of elements within one another
	maxElements = 1_500_000 // in a sheet: 5,000 rows of 100 cells, and room
	maxToken    = 1 << 20   // bytes of a tag, a text or a comment; a cell holds 32,767 characters
)

var errXML = errors.New("no well-formed XML, or made to exhaust whoever parses it")

// parser goes through XML token by token and builds nothing from it. It stops
// with an error where a token is too long, elements are too deep or too many,
// one is not closed, or there is a document type, which no office program writes.
type parser struct {
	decoder  *xml.Decoder
	in       *tokenReader
	depth    int // of the element that is open
	elements int
	max      int // elements
}

// newParser reads XML that is UTF-8 whatever it declares: text was decoded
// before, and office programs write nothing else.
func newParser(r io.Reader, max int) *parser {
	in := &tokenReader{r: bufio.NewReader(r)}
	d := xml.NewDecoder(in)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return &parser{decoder: d, in: in, max: max}
}

// next returns the next token, which is valid until the one after it, and
// io.EOF behind the last one of a whole document.
func (p *parser) next() (xml.Token, error) {
	p.in.read = 0
	token, err := p.decoder.RawToken()
	if err == io.EOF && (p.depth != 0 || p.elements == 0) {
		return nil, errXML
	}
	if err != nil {
		return nil, err
	}
	switch token.(type) {
	case xml.Directive:
		return nil, errXML
	case xml.StartElement:
		p.depth++
		p.elements++
	case xml.EndElement:
		p.depth--
	}
	if p.depth < 0 || p.depth > maxDepth || p.elements > p.max {
		return nil, errXML
	}
	return token, nil
}

// start returns the next element that begins within the one that was open at
// depth, and false where that one ends.
func (p *parser) start(depth int) (xml.StartElement, bool, error) {
	for {
		token, err := p.next()
		if err != nil || p.depth < depth {
			return xml.StartElement{}, false, err
		}
		if e, ok := token.(xml.StartElement); ok {
			return e, true, nil
		}
	}
}

// skip reads the element that has just begun to its end.
func (p *parser) skip() error {
	for depth := p.depth; p.depth >= depth; {
		if _, err := p.next(); err != nil {
			return err
		}
	}
	return nil
}

// text reads the element that has just begun to its end and returns its text.
func (p *parser) text() (string, error) {
	var text strings.Builder
	for depth := p.depth; p.depth >= depth; {
		token, err := p.next()
		if err != nil {
			return "", err
		}
		if t, ok := token.(xml.CharData); ok {
			text.Write(t)
		}
	}
	return text.String(), nil
}

// tokenReader gives a decoder the bytes of one token, but not without end: the
// decoder holds all of it.
type tokenReader struct {
	r    *bufio.Reader
	read int
}

func (t *tokenReader) ReadByte() (byte, error) {
	if t.read++; t.read > maxToken {
		return 0, errXML
	}
	return t.r.ReadByte()
}

func (t *tokenReader) Read(b []byte) (int, error) {
	if t.read++; t.read > maxToken || len(b) == 0 {
		return 0, errXML
	}
	return t.r.Read(b[:1])
}

// attribute returns the value of an attribute, whatever its prefix, or "".
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
