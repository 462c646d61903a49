package classlist

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
)

var (
	utf16LE = textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM)
	utf16BE = textunicode.UTF16(textunicode.BigEndian, textunicode.IgnoreBOM)
)

// decodeText returns the text of a file with lines that end in \n, or false
// where it is no text. The encoding is told by a byte order mark, then by the
// zero bytes of UTF-16, then by being valid UTF-8, and else by its letters.
func decodeText(data []byte) (string, bool) {
	var text string
	switch rest, bom := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF")); {
	case bom:
		text = strings.ToValidUTF8(string(rest), "\uFFFD")
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		text = decode(utf16LE, data[2:])
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		text = decode(utf16BE, data[2:])
	case bytes.IndexByte(data, 0) >= 0:
		switch zerosEven, zerosOdd := zeros(data); {
		case zerosOdd > len(data)/5 && zerosEven < zerosOdd/10:
			text = decode(utf16LE, data)
		case zerosEven > len(data)/5 && zerosOdd < zerosEven/10:
			text = decode(utf16BE, data)
		default:
			return "", false
		}
	case utf8.Valid(data):
		text = string(data)
	default:
		text = likeliest(data)
	}
	text = strings.TrimSuffix(text, "\x1A") // how DOS ends a file
	if strings.IndexFunc(text, notInText) >= 0 {
		return "", false
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), true
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
func decode(e encoding.Encoding, data []byte) string {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(text)
}

// likeliest decodes data in the encoding that gives the likeliest names:
// Windows-1252, MacRoman, CP850, or UTF-8 that is damaged somewhere.
func likeliest(data []byte) string {
	best := decode(charmap.Windows1252, data)
	most := likelihood(best)
	for _, text := range []string{
		strings.ToValidUTF8(string(data), "\uFFFD"),
		decode(charmap.Macintosh, data),
		decode(charmap.CodePage850, data),
	} {
		if n := likelihood(text); n > most {
			best, most = text, n
		}
	}
	return best
}

// letterWeight says how often a letter stands in names on Dutch lists, roughly.
var letterWeight = func() map[rune]int {
	weight := map[rune]int{}
	for w, letters := range map[int]string{8: "éë", 6: "ïöü", 4: "èçáóí", 3: "ñêúäô", 2: "àâîûåøæß", 1: "šžýÿœãõìòù"} {
		for _, r := range letters {
			weight[r] = w
		}
	}
	return weight
}()

// likelihood scores a text by its letters beyond ASCII: those of names count by
// their weight, capitals only where a word begins, and anything else against it.
func likelihood(text string) int {
	score := 0
	before := ' '
	for i, r := range text {
		if r >= utf8.RuneSelf {
			after, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			w := letterWeight[unicode.ToLower(r)]
			switch {
			case strings.ContainsRune("\u00A0–“”€", r):
			case r == '’' && unicode.IsLetter(after):
				score += 6
			case w == 0 || !unicode.IsLetter(before) && !unicode.IsLetter(after):
				score -= 6
			case unicode.IsLower(r):
				score += w
			case unicode.IsLower(before):
				score -= 6
			default:
				score += w / 2
			}
		}
		before = r
	}
	return score
}
