package classlist

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
)

// Encodings are the names of the encodings that text may be in.
var Encodings = []string{utf8Name, utf16LE, utf16BE, windows1252, macRoman, cp850}

const (
	utf8Name    = "UTF-8"
	utf16LE     = "UTF-16LE"
	utf16BE     = "UTF-16BE"
	windows1252 = "Windows-1252"
	macRoman    = "MacRoman"
	cp850       = "CP850"
)

var codecs = map[string]encoding.Encoding{
	utf16LE:     textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM),
	utf16BE:     textunicode.UTF16(textunicode.BigEndian, textunicode.IgnoreBOM),
	windows1252: charmap.Windows1252,
	macRoman:    charmap.Macintosh,
	cp850:       charmap.CodePage850,
}

// marks are the byte order marks that text may begin with.
var marks = []struct{ mark, encoding string }{
	{"\xEF\xBB\xBF", utf8Name}, {"\xFF\xFE", utf16LE}, {"\xFE\xFF", utf16BE},
}

// decoded is the text of a file.
type decoded struct {
	text     string // with lines that end in \n
	encoding string // "" where it is no text in any
	guessed  bool   // another encoding would be nearly as likely
}

// decodeText returns the text of a file in the chosen encoding, or in that which
// its content tells, and false where it is no text.
func decodeText(data []byte, chosen string) (d decoded, ok bool) {
	name, sure, data := tellEncoding(data)
	if slices.Contains(Encodings, chosen) {
		name, sure = chosen, true
	}
	d.encoding, d.guessed = name, !sure
	if name == "" {
		return d, false
	}
	text := strings.TrimSuffix(decode(name, data), "\x1A") // how DOS ends a file
	if strings.IndexFunc(text, notInText) >= 0 {
		return d, false
	}
	if strings.Contains(text, "\r") {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	d.text = text
	return d, true
}

// tellEncoding tells the encoding of text by a byte order mark, which it takes
// off, then by the zero bytes of UTF-16, then by being valid UTF-8, and else by
// its letters, which is not always sure. It returns "" for what is no text.
func tellEncoding(data []byte) (name string, sure bool, rest []byte) {
	for _, m := range marks {
		if rest, ok := bytes.CutPrefix(data, []byte(m.mark)); ok {
			return m.encoding, true, rest
		}
	}
	switch {
	case bytes.IndexByte(data, 0) >= 0:
		switch zerosEven, zerosOdd := zeros(data); {
		case zerosOdd > len(data)/5 && zerosEven < zerosOdd/10:
			return utf16LE, true, data
		case zerosEven > len(data)/5 && zerosOdd < zerosEven/10:
			return utf16BE, true, data
		}
		return "", true, data
	case utf8.Valid(data):
		return utf8Name, true, data
	}
	name, sure = likeliest(data)
	return name, sure, data
}

func notInText(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\v\f\r", r) }

// zeros counts the zero bytes at even and at odd places.
func zeros(data []byte) (even, odd int) {
	for i, b := range data {
		switch {
		case b != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return even, odd
}

// decode never fails: what an encoding does not know becomes U+FFFD.
func decode(name string, data []byte) string {
	if codec, ok := codecs[name]; ok {
		var text strings.Builder
		// A reader does it in small pieces: whole, it would hold the text twice.
		if _, err := io.Copy(&text, codec.NewDecoder().Reader(bytes.NewReader(data))); err == nil {
			return text.String()
		}
		return strings.ToValidUTF8(text.String(), "\uFFFD")
	}
	return strings.ToValidUTF8(string(data), "\uFFFD")
}

// sampleBytes of the lines with letters beyond ASCII tell their encoding.
const sampleBytes = 256 << 10

// likeliest returns the encoding in which the lines with letters beyond ASCII
// hold the likeliest names: Windows-1252, UTF-8 that is damaged somewhere,
// MacRoman or CP850. It is sure where no other comes near that reads otherwise.
func likeliest(data []byte) (name string, sure bool) {
	var sample []byte
	for line := range bytes.Lines(data) {
		if len(sample)+len(line) > sampleBytes {
			line = line[:sampleBytes-len(sample)]
		}
		if slices.ContainsFunc(line, func(b byte) bool { return b >= utf8.RuneSelf }) {
			sample = append(sample, line...)
		}
	}
	type reading struct {
		encoding, text string
		score          int
	}
	var readings []reading
	for _, name := range []string{windows1252, utf8Name, macRoman, cp850} {
		text := decode(name, sample)
		readings = append(readings, reading{name, text, likelihood(text)})
	}
	slices.SortStableFunc(readings, func(a, b reading) int { return cmp.Compare(b.score, a.score) })
	best := readings[0]
	for _, other := range readings[1:] {
		if other.text != best.text && (best.score-other.score < nearLetter || best.score < 2*other.score) {
			return best.encoding, false
		}
	}
	return best.encoding, true
}

// nearLetter is by how much a single likely letter outdoes a less likely one.
const nearLetter = 4

// letterWeight says how often a letter stands in names on Dutch lists, roughly.
var letterWeight = func() map[rune]int {
	weight := map[rune]int{}
	for w, letters := range map[int]string{8: "éë", 6: "ïöü", 4: "èçáóí", 3: "ñêúäôı", 2: "àâîûåøæß", 1: "šžýœãõìòù"} {
		for _, r := range letters {
			weight[r] = w
		}
	}
	return weight
}()

// likelihood scores a text by its letters beyond ASCII: those of names count by
// their weight, capitals only where a word begins, small ones only within it,
// an apostrophe only where a short word ends (D’Angelo, ’t Hof), and anything
// else against it.
func likelihood(text string) int {
	score := 0
	before, letters := ' ', 0 // of the word so far
	for i, r := range text {
		if r >= utf8.RuneSelf {
			after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			w := letterWeight[unicode.ToLower(r)]
			switch {
			case r == 'ÿ': // what CP850 has for a no-break space
				score -= 3
			case strings.ContainsRune("\u00A0–“”€©", r):
			case r == '’' && unicode.IsLetter(after) && letters <= 1:
				score += 6
			case w == 0 || letters == 0 && !unicode.IsLetter(after):
				score -= 6
			case unicode.IsLower(r) && letters > 0:
				score += w
			case unicode.IsLower(r), unicode.IsLower(before):
				score -= 6
			default:
				score += w / 2
			}
		}
		if before = r; unicode.IsLetter(r) {
			letters++
		} else {
			letters = 0
		}
	}
	return score
}
