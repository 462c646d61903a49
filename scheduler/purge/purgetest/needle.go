package purgetest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// minNeedle is how many bytes a value has at least, so that none is found where
// it only seems to stand.
const minNeedle = 6

// needle is one form of one value.
type needle struct {
	kind, what, how string
	form            []byte
}

// index finds any of many needles in one pass over the data.
type index struct {
	values map[string]bool
	size   int
	seen   [1 << 16]uint64 // a bit for each hash of the first four bytes of a needle
	by     map[uint32][]needle
}

func hash(head uint32) (word uint32, bit uint64) {
	h := head * 2654435761 >> 10 // of 22 bits
	return h >> 6, 1 << (h & 63)
}

func (x *index) add(kind, what, how string, form []byte) {
	if len(form) < minNeedle {
		panic(fmt.Sprintf("purgetest: a %s of %d bytes is found anywhere", kind, len(form)))
	}
	if x.by == nil {
		x.values, x.by = map[string]bool{}, map[uint32][]needle{}
	}
	head := binary.LittleEndian.Uint32(form)
	for _, n := range x.by[head] {
		if n.kind == kind && bytes.Equal(n.form, form) {
			return
		}
	}
	word, bit := hash(head)
	x.seen[word] |= bit
	x.by[head] = append(x.by[head], needle{kind, what, how, form})
	x.values[kind+what] = true
	x.size++
}

// all yields every needle that stands in data, and where.
func (x *index) all(data []byte) iter.Seq2[int, needle] {
	return func(yield func(int, needle) bool) {
		for i := 0; i+minNeedle <= len(data); i++ {
			head := binary.LittleEndian.Uint32(data[i:])
			if word, bit := hash(head); x.seen[word]&bit == 0 {
				continue
			}
			for _, n := range x.by[head] {
				if bytes.HasPrefix(data[i:], n.form) && !yield(i, n) {
					return
				}
			}
		}
	}
}

// forms yields the ways in which a text is written, with what each is called.
// Some are the same for some texts.
func forms(text string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, v := range []struct{ how, text string }{
			{"", text}, {"lower case ", strings.ToLower(text)}, {"upper case ", strings.ToUpper(text)}, {"decomposed ", norm.NFD.String(text)},
		} {
			for how, form := range written(v.text) {
				if len(form) >= minNeedle && !yield(v.how+how, form) {
					return
				}
			}
		}
		// Redis keeps what looks like a number as one.
		if n, err := strconv.ParseUint(text, 10, 63); err == nil && n >= 1<<32 {
			yield("number", binary.LittleEndian.AppendUint64(nil, n))
		}
	}
}

func written(text string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		raw := []byte(text)
		for _, f := range []struct {
			how  string
			form []byte
		}{
			{"utf8", raw},
			{"utf16le", utf16Bytes(text, binary.LittleEndian)},
			{"utf16be", utf16Bytes(text, binary.BigEndian)},
			{"latin1", latin1(text)},
			{"hex", []byte(hex.EncodeToString(raw))},
			{"HEX", []byte(strings.ToUpper(hex.EncodeToString(raw)))},
			{"json", []byte(strings.Trim(strconv.QuoteToASCII(text), `"`))},
			{"url", []byte(url.QueryEscape(text))},
			{"path", []byte(url.PathEscape(text))},
			{"html", []byte(html.EscapeString(text))},
			{"quoted-printable", quotedPrintable(text)},
		} {
			if !yield(f.how, f.form) {
				return
			}
		}
		for how, form := range base64Forms(raw) {
			if !yield(how, form) {
				return
			}
		}
	}
}

func utf16Bytes(text string, order binary.AppendByteOrder) (b []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// latin1 is nothing for a text that does not fit it.
func latin1(text string) (b []byte) {
	for _, r := range text {
		if r > 0xFF {
			return nil
		}
		b = append(b, byte(r))
	}
	return b
}

func quotedPrintable(text string) (b []byte) {
	for _, c := range []byte(text) {
		if c == '=' || c < ' ' || c > '~' {
			b = fmt.Appendf(b, "=%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return b
}

// base64Forms yields what base64 has wherever the bytes lie in what was encoded:
// in each of the three phases, without the characters at the ends that depend on
// what stands beside them.
func base64Forms(raw []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, e := range []struct {
			how string
			*base64.Encoding
		}{{"base64", base64.RawStdEncoding}, {"base64url", base64.RawURLEncoding}} {
			for phase := range 3 {
				text := e.EncodeToString(append(make([]byte, phase), raw...))
				form := text[(phase*8+5)/6 : (phase+len(raw))*8/6]
				if len(form) >= minNeedle && !yield(fmt.Sprintf("%s, phase %d", e.how, phase), []byte(form)) {
					return
				}
			}
		}
	}
}
