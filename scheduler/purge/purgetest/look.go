package purgetest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	maxDepth  = 6        // an XLSX in an age file in base64 …
	maxStream = 32 << 20 // of what is unpacked
)

// look searches a piece of data, and what is sealed or packed in it. how is how
// it came out of what it lay in, the outermost first.
func (s *Scanner) look(data []byte, how ...string) {
	s.raw(data, how)
	if len(how) < maxDepth {
		s.ageFiles(data, how)
		s.streams(data, how)
		s.pdf(data, how)
	}
}

// raw looks for every form of every value. What stands behind a tag is opened
// with the event's key: its length need not be known for that, as what follows
// the record only comes out as noise.
func (s *Scanner) raw(data []byte, how []string) {
	for at, n := range s.index.all(data) {
		s.note(n.kind, n.what, append(how[:len(how):len(how)], n.how))
		if n.kind == KindTag && n.how == "raw" && len(how) < maxDepth {
			if plain := s.record(n.what, data[at+len(n.form):]); plain != nil {
				s.raw(plain, append(how[:len(how):len(how)], "record"))
			}
		}
	}
}

// recordKey derives the key of records from an event's secret.
func recordKey(secret []byte) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "records", chacha20poly1305.KeySize)
}

// record decrypts what follows a tag: version (8), nonce (24), ciphertext.
func (s *Scanner) record(event string, data []byte) []byte {
	const head = 8 + chacha20.NonceSizeX
	if len(data) <= head {
		return nil
	}
	for _, k := range s.events {
		if k.id == event {
			return keystream(k.records, data[8:head], data[head:min(len(data), 64<<10)])
		}
	}
	return nil
}

// keystream opens what ChaCha20-Poly1305 sealed, without its authentication.
func keystream(key, nonce, sealed []byte) []byte {
	stream, err := chacha20.NewUnauthenticatedCipher(key, nonce)
	if err != nil {
		panic(err) // of the lengths of key and nonce alone
	}
	stream.SetCounter(1) // the first block is the key of Poly1305
	plain := make([]byte, len(sealed))
	stream.XORKeyStream(plain, sealed)
	return plain
}

// ageFiles opens every age file that begins anywhere in data, armored ones too,
// with every key that there is. One that opens is found, whatever it holds.
func (s *Scanner) ageFiles(data []byte, how []string) {
	for at := range each(data, "age-encryption.org/v1\n") {
		s.ageFile(data[at:], append(how[:len(how):len(how)], "age"))
	}
	for at := range each(data, armor.Header) {
		// What follows the end of the armor is an error: what came before it counts.
		plain, _ := io.ReadAll(io.LimitReader(armor.NewReader(bytes.NewReader(data[at:])), maxStream))
		s.ageFile(plain, append(how[:len(how):len(how)], "armor"))
	}
}

func (s *Scanner) ageFile(data []byte, how []string) {
	header, err := age.ExtractHeader(bytes.NewReader(data))
	if err != nil {
		return
	}
	if fileKey, err := age.DecryptHeader(header, s.master...); err == nil {
		var stored struct{ Event string }
		plain := payload(fileKey, data[len(header):])
		if json.NewDecoder(bytes.NewReader(plain)).Decode(&stored) == nil {
			for _, k := range s.events {
				if k.id == stored.Event {
					s.note(KindKey, k.id, how)
				}
			}
		}
		return
	}
	for _, k := range s.events {
		if fileKey, err := age.DecryptHeader(header, k.files...); err == nil {
			s.note(KindAge, k.id, how)
			s.look(payload(fileKey, data[len(header):]), how...)
		}
	}
}

// payload decrypts the payload of an age file whose end is not known: a chunk
// that does not open as one of the middle is taken for the last.
func payload(fileKey, data []byte) (plain []byte) {
	const nonceSize, chunk = 16, 64<<10 + chacha20poly1305.Overhead
	if len(data) < nonceSize {
		return nil
	}
	key, err := hkdf.Key(sha256.New, fileKey, data[:nonceSize], "payload", chacha20poly1305.KeySize)
	if err != nil {
		panic(err) // 32 bytes are never too many
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		panic(err)
	}
	data = data[nonceSize:]
	nonce := make([]byte, chacha20poly1305.NonceSize)
	for n := uint64(0); ; n++ {
		binary.BigEndian.PutUint64(nonce[3:], n)
		if len(data) >= chunk {
			if opened, err := aead.Open(nil, nonce, data[:chunk], nil); err == nil {
				plain, data = append(plain, opened...), data[chunk:]
				continue
			}
		}
		nonce[len(nonce)-1] = 1 // the last chunk
		return append(plain, keystream(key, nonce, data[:min(len(data), chunk)])...)
	}
}

// streams unpacks everything that looks packed: gzip, zlib (also that of a
// PDF), and the entries of ZIP files, which XLSX files are.
func (s *Scanner) streams(data []byte, how []string) {
	unpack := func(name string, r io.Reader, err error) {
		if err != nil {
			return
		}
		// A stream that is cut, or none at all, ends with an error: what came before counts.
		if plain, _ := io.ReadAll(io.LimitReader(r, maxStream)); len(plain) >= minNeedle {
			s.look(plain, append(how[:len(how):len(how)], name)...)
		}
	}
	for at := range each(data, "\x1f\x8b\x08") {
		r, err := gzip.NewReader(bytes.NewReader(data[at:]))
		unpack("gzip", r, err)
	}
	for _, magic := range []string{"\x78\x01", "\x78\x5e", "\x78\x9c", "\x78\xda"} {
		for at := range each(data, magic) {
			r, err := zlib.NewReader(bytes.NewReader(data[at:]))
			unpack("deflate", r, err)
		}
	}
	const local = "PK\x03\x04"
	for at := range each(data, local) {
		if entry := data[at:]; len(entry) > 30 {
			skip := 30 + int(binary.LittleEndian.Uint16(entry[26:])) + int(binary.LittleEndian.Uint16(entry[28:]))
			if skip < len(entry) && entry[8] == 8 { // what is only stored was seen raw
				unpack("zip", flate.NewReader(bytes.NewReader(entry[skip:])), nil)
			}
		}
	}
}

// pdf has pdftotext read every PDF: its text is that of glyphs.
func (s *Scanner) pdf(data []byte, how []string) {
	for at := range each(data, "%PDF-1.") {
		end := bytes.LastIndex(data[at:], []byte("%%EOF"))
		if end < 0 {
			continue
		}
		s.raw(s.textOf(data[at:at+end+len("%%EOF")]), append(how[:len(how):len(how)], "pdf"))
		return // a second one within it would begin the same way
	}
}

// textOf returns the text of a PDF, which may lie in many files.
func (s *Scanner) textOf(pdf []byte) []byte {
	sum := sha256.Sum256(pdf)
	if text, ok := s.pdfs[sum]; ok {
		return text
	}
	cmd := exec.Command("pdftotext", "-raw", "-", "-")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = bytes.NewReader(pdf), &stderr
	text, err := cmd.Output()
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("pdftotext on %s: %w: %s", s.where[1], err, stderr.String())
	}
	s.pdfs[sum] = text
	return text
}

// each yields where the text stands in data.
func each(data []byte, text string) func(func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; {
			i := bytes.Index(data[from:], []byte(text))
			if i < 0 || !yield(from+i) {
				return
			}
			from += i + len(text)
		}
	}
}
