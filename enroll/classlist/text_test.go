package classlist

import (
	"slices"
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
			if got, ok := decodeText(data, ""); !ok || got.text != text {
				t.Errorf("%s: %q read as %q", name, names, got.text)
			}
		}
	}
}

func TestDamagedUTF8StaysUTF8(t *testing.T) {
	got, ok := decodeText([]byte("Zoë;Björn;Ren\xC3;Chloé\n"), "")
	if want := "Zoë;Björn;Ren\uFFFD;Chloé\n"; !ok || got.text != want {
		t.Errorf("got %q, want %q", got.text, want)
	}
}

func TestBinaryIsNoText(t *testing.T) {
	for _, data := range []string{"a\x00b", "Stamnr\x01;Naam", "\x7FELF\x02\x01", "\xFF\xFE\x00\x00\x01\x00", "\x00\x00\x00\x00"} {
		if d, ok := decodeText([]byte(data), ""); ok {
			t.Errorf("%q read as %q", data, d.text)
		}
	}
}

// Where two encodings are about as likely, the rows with such letters are told.
func TestUnsureLettersAreTold(t *testing.T) {
	gross, zofie := "2;Ten;;Gro\xE1;1A\n", "3;\x8Eofie;;Kok;1A\n" // Groß in CP850, Žofie in Windows-1252
	for _, c := range []struct {
		file     string
		encoding string // chosen
		problems []string
	}{
		{kop + "1;Anna;;Berg;1A\n" + gross, "", []string{"letters_guessed@3/Achternaam"}},
		{kop + "1;Anna;;Berg;1A\n" + gross, "CP850", nil},
		{kop + "1;Anna;;Berg;1A\n" + zofie, "", []string{"letters_guessed@3/Roepnaam"}},
		{kop + zofie + "1;Zo\xEB;;Berg;1A\n4;Ren\xE9;;Berg;1A\n", "", nil},
	} {
		if _, got := summary(ReadWith("", []byte(c.file), Options{Encoding: c.encoding})); !slices.Equal(got, c.problems) {
			t.Errorf("%q: got %q, want %q", c.file, got, c.problems)
		}
	}
}
