package classlist

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// A list reads the same in every encoding that programs at schools still write,
// also where it has but few letters to tell by.
func TestEncodings(t *testing.T) {
	encodings := map[string]encoding.Encoding{
		"Windows-1252":               charmap.Windows1252,
		"MacRoman":                   charmap.Macintosh,
		"CP850":                      charmap.CodePage850,
		"UTF-8":                      unicode.UTF8,
		"UTF-16 with a mark":         unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16, low byte first":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16, high byte first":    unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		"UTF-16, high first, a mark": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	}
	for _, names := range []string{
		"Zoë;;Dijk", "René;;Smit", "Björn;;Bos", "Anaïs;;Kok", "Hüseyin;;Kaya", "Noëlle;;Müller", "Thérèse;;Brontë", "Inès;de;Wit", "Éva;;Öztürk",
		"Kái;;Brouwer", "François;;Kok\n2;Chloé;;Smits", "Jürgen;;Weiß\n2;Loïs;;Groß", "Ingrid;;Åberg\n2;Sören;;Bjørn\n3;Zoë;;Vos",
	} {
		text := "Stamnr;Roepnaam;Tussenvoegsel;Achternaam;Mentor;Klas\n1;" + names + "\n"
		for name, e := range encodings {
			data, err := e.NewEncoder().Bytes([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got, _, ok := decodeText(data, ""); !ok || got != text {
				t.Errorf("%s: %q read as %q", name, names, got)
			}
		}
	}
}

func TestDamagedUTF8StaysUTF8(t *testing.T) {
	got, _, ok := decodeText([]byte("Zoë;Björn;Ren\xC3;Chloé\n"), "")
	if want := "Zoë;Björn;Ren\uFFFD;Chloé\n"; !ok || got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBinaryIsNoText(t *testing.T) {
	for _, data := range []string{"a\x00b", "Stamnr\x01;Naam", "\x7FELF\x02\x01", "\xFF\xFE\x00\x00\x01\x00", "\x00\x00\x00\x00"} {
		if text, _, ok := decodeText([]byte(data), ""); ok {
			t.Errorf("%q read as %q", data, text)
		}
	}
}
