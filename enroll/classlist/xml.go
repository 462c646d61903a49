package classlist

import (
	"bytes"
	"encoding/xml"
	"io"
)

// newDecoder returns a decoder of XML that is UTF-8 whatever it declares: text
// was decoded before, and office programs write nothing else.
func newDecoder(part []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(part))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
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

const (
	maxDepth    = 64        // of elements within one another
	maxElements = 1_500_000 // in a sheet: 5,000 rows of 100 cells, and room
)

// scanXML goes through a part without building anything from it and gives each
// token to each. It returns false where the part is not well-formed or is made to
// exhaust whoever parses it: too deep, or more elements than max.
func scanXML(part []byte, max int, each func(xml.Token)) bool {
	d := newDecoder(part)
	depth, elements := 0, 0
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return depth == 0 && elements > 0
		}
		if err != nil {
			return false
		}
		switch token.(type) {
		case xml.Directive:
			return false // a document type; no office program writes one
		case xml.StartElement:
			depth++
			elements++
		case xml.EndElement:
			depth--
		}
		if depth < 0 || depth > maxDepth || elements > max {
			return false
		}
		each(token)
	}
}
