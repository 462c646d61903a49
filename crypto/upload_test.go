package crypto

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const list = "leerlingnummer;voornaam;achternaam\r\n1001;Noor;de Wit\r\n"

func TestUploadIsReadHoweverItIsWritten(t *testing.T) {
	keys := fixedKeys(t)
	file := encrypt(t, []byte(list), keys.recipient)
	text := armored(t, file)
	many := []age.Recipient{}
	for range maxStanzas - 1 {
		many = append(many, stranger(t))
	}
	for name, upload := range map[string][]byte{
		"binary":                           file,
		"armored":                          text,
		"armored with CRLF":                bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"armored after blank lines":        append([]byte("\r\n \t\n"), text...),
		"armored after spaces":             append([]byte("   "), text...),
		"armored after a byte order mark":  append([]byte("\uFEFF\n"), text...),
		"armored without the last newline": bytes.TrimSpace(text),
		"armored before blank lines":       append(bytes.Clone(text), " \r\n\n"...),
		"for others too":                   encrypt(t, []byte(list), append(many, keys.recipient)...),
	} {
		for kind, r := range map[string]io.Reader{
			"at once":     bytes.NewReader(upload),
			"by the byte": iotest.OneByteReader(bytes.NewReader(upload)),
		} {
			if got, err := keys.OpenUpload(r, int64(len(list))); err != nil || string(got) != list {
				t.Errorf("%s, %s: %q, %v", name, kind, got, err)
			}
		}
	}
}

func TestWhatIsNoAgeFileIsNotEncrypted(t *testing.T) {
	keys := fixedKeys(t)
	file := encrypt(t, []byte(list), keys.recipient)
	for name, upload := range map[string]string{
		"CSV":                         list,
		"CSV in UTF-8 with a mark":    "\uFEFF" + list,
		"CSV in Windows-1252":         "nummer;naam\r\n1;Zo\xEB\r\n",
		"XLSX":                        "PK\x03\x04\x14\x00\x06\x00",
		"nothing":                     "",
		"white space":                 " \n\n",
		"another kind of armor":       "-----BEGIN PGP MESSAGE-----\n\nwcBM\n-----END PGP MESSAGE-----\n",
		"an age file below a list":    list + string(armored(t, file)),
		"much white space":            strings.Repeat("\n", maxLeading+1) + string(armored(t, file)),
		"many byte order marks":       strings.Repeat("\uFEFF", 1<<16),
		"an age recipient":            keys.Recipient(),
		"the first bytes of age file": "age-encryption",
	} {
		got, err := keys.OpenUpload(strings.NewReader(upload), 1<<20)
		if !errors.Is(err, ErrNotEncrypted) || errors.Is(err, ErrCannotDecrypt) || got != nil {
			t.Errorf("%s: %q, %v, want ErrNotEncrypted", name, got, err)
		}
	}
}

func TestAgeFileThatCannotBeRead(t *testing.T) {
	keys := fixedKeys(t)
	file := encrypt(t, []byte(list), keys.recipient)
	text := string(armored(t, file))
	scrypt, err := age.NewScryptRecipient("een wachtwoord")
	if err != nil {
		t.Fatal(err)
	}
	scrypt.SetWorkFactor(10)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	many := []age.Recipient{keys.recipient}
	for range maxStanzas {
		many = append(many, stranger(t))
	}
	long := "age-encryption.org/v1\n-> X25519 " + strings.Repeat("A", 2*maxHeader) + "\n"
	body := "age-encryption.org/v1\n-> X25519 A\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 2*maxHeader/65)
	header := bytes.Index(file, []byte("\n---"))
	for name, upload := range map[string]string{
		"for another event":           string(encrypt(t, []byte(list), stranger(t))),
		"with a password":             string(encrypt(t, []byte(list), scrypt)),
		"for a post-quantum identity": string(encrypt(t, []byte(list), hybrid.Recipient())),
		"too many recipients":         string(encrypt(t, []byte(list), many...)),
		"a long line in the header":   long,
		"a long header":               body,
		"a header without end":        string(file[:header+1]),
		"a header without recipients": "age-encryption.org/v1\n--- " + strings.Repeat("A", 43) + "\n",
		"another version of age":      "age-encryption.org/v9\n" + string(file[len("age-encryption.org/v1\n"):]),
		"a list in an age header":     "age-encryption.org/v1\n" + list,
		"bytes added":                 string(file) + "x",
		"armor cut short":             text[:len(text)-len(armor.Footer)-10],
		"armor without its end":       text[:strings.Index(text, armor.Footer)],
		"text after armor":            text + list,
		"a list in armor":             armor.Header + "\n" + list + armor.Footer + "\n",
		"nothing in armor":            armor.Header + "\n" + armor.Footer + "\n",
	} {
		got, err := keys.OpenUpload(strings.NewReader(upload), 1<<20)
		if !errors.Is(err, ErrCannotDecrypt) || errors.Is(err, ErrNotEncrypted) || got != nil {
			t.Errorf("%s: %q, %v, want ErrCannotDecrypt", name, got, err)
			continue
		}
		if strings.Contains(err.Error(), "Noor") || strings.Contains(err.Error(), "leerlingnummer") || len(err.Error()) > 100 {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
	for i := range file {
		if _, err := keys.OpenUpload(bytes.NewReader(file[:i]), 1<<20); err == nil {
			t.Fatalf("cut to %d bytes, it opens", i)
		}
		damaged := bytes.Clone(file)
		damaged[i] ^= 1
		if _, err := keys.OpenUpload(bytes.NewReader(damaged), 1<<20); err == nil {
			t.Fatalf("byte %d flipped, it opens", i)
		}
	}
}

// A file of several chunks of 64 KiB, of which only the last is damaged or
// missing, gives nothing, though the first would open.
func TestNothingIsReturnedBeforeAllIsAuthentic(t *testing.T) {
	keys := fixedKeys(t)
	const chunk, sealedChunk = 64 << 10, 64<<10 + 16
	plaintext := bytes.Repeat([]byte("0123456789abcdef"), 3*chunk/16)
	file := encrypt(t, plaintext, keys.recipient)
	if got, err := keys.OpenUpload(bytes.NewReader(file), int64(len(plaintext))); err != nil || !bytes.Equal(got, plaintext) {
		t.Fatalf("whole: %d bytes, %v", len(got), err)
	}
	damaged := bytes.Clone(file)
	damaged[len(damaged)-1] ^= 1
	for name, upload := range map[string][]byte{
		"last bit flipped":   damaged,
		"last byte missing":  file[:len(file)-1],
		"last chunk missing": file[:len(file)-sealedChunk],
		"bytes added":        append(bytes.Clone(file), 0),
	} {
		for _, limit := range []int64{int64(len(plaintext)), 2 * chunk, 1<<63 - 1} {
			if got, err := keys.OpenUpload(bytes.NewReader(upload), limit); !errors.Is(err, ErrCannotDecrypt) || got != nil {
				t.Errorf("%s, limit %d: %d bytes, %v, want ErrCannotDecrypt", name, limit, len(got), err)
			}
		}
	}
}

func TestUploadLimit(t *testing.T) {
	keys := fixedKeys(t)
	file := encrypt(t, []byte(list), keys.recipient)
	size := int64(len(list))
	for _, limit := range []int64{size, size + 1, 1<<63 - 1} {
		if got, err := keys.OpenUpload(bytes.NewReader(file), limit); err != nil || string(got) != list {
			t.Errorf("limit %d: %q, %v", limit, got, err)
		}
	}
	for _, limit := range []int64{size - 1, 1, 0, -1} {
		if got, err := keys.OpenUpload(bytes.NewReader(file), limit); !errors.Is(err, ErrCannotDecrypt) || got != nil {
			t.Errorf("limit %d: %q, %v, want ErrCannotDecrypt", limit, got, err)
		}
	}
}

// A connection that breaks says nothing about the file.
func TestErrorOfTheReaderComesBack(t *testing.T) {
	keys := fixedKeys(t)
	broken := errors.New("broken connection")
	file := encrypt(t, []byte(list), keys.recipient)
	for name, upload := range map[string][]byte{"binary": file, "armored": armored(t, file)} {
		for _, n := range []int{0, 10, len(upload) / 2, len(upload) - 1, len(upload)} {
			r := io.MultiReader(bytes.NewReader(upload[:n]), iotest.ErrReader(broken))
			got, err := keys.OpenUpload(r, 1<<20)
			if !errors.Is(err, broken) || errors.Is(err, ErrCannotDecrypt) || errors.Is(err, ErrNotEncrypted) || got != nil {
				t.Errorf("%s, broken after %d bytes: %q, %v", name, n, got, err)
			}
		}
	}
}

// The key is destroyed while its last class list is still coming in.
func TestKeyDestroyedWhileReading(t *testing.T) {
	ks := newKeystore(t)
	keys := create(t, ks, "ev1")
	file := encrypt(t, []byte(list), keys.recipient)
	destroyAtEnd := readerFunc(func([]byte) (int, error) {
		if err := ks.Destroy("ev1"); err != nil {
			t.Error(err)
		}
		return 0, io.EOF
	})
	got, err := keys.OpenUpload(io.MultiReader(bytes.NewReader(file), destroyAtEnd), 1<<20)
	if !errors.Is(err, ErrKeyGone) || got != nil {
		t.Errorf("OpenUpload = %q, %v, want ErrKeyGone", got, err)
	}
}

// A header that never ends is given up at its limit, not gathered in memory.
func TestEndlessHeaderIsGivenUp(t *testing.T) {
	keys := fixedKeys(t)
	read := 0
	line := strings.Repeat("A", 64) + "\n"
	endless := readerFunc(func(p []byte) (int, error) {
		n := copy(p, line[read%len(line):])
		read += n
		if read > 10*maxHeader {
			return 0, io.EOF
		}
		return n, nil
	})
	_, err := keys.OpenUpload(io.MultiReader(strings.NewReader("age-encryption.org/v1\n-> X25519 A\n"), endless), 1<<20)
	if !errors.Is(err, ErrCannotDecrypt) || read > 3*maxHeader {
		t.Errorf("given up after %d bytes: %v", read, err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// The program that schools use, with the recipient that they are given.
func TestAgeProgramWritesUploads(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Fatal("this test runs the program `age`, which is not installed (Debian: apt-get install age)")
	}
	keys := fixedKeys(t)
	for _, args := range [][]string{{"-r", keys.Recipient()}, {"-a", "-r", keys.Recipient()}} {
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(list)
		var file, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &file, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("age %q: %v\n%s", args, err, &stderr)
		}
		if got, err := keys.OpenUpload(&file, 1<<20); err != nil || string(got) != list {
			t.Errorf("age %q: %q, %v", args, got, err)
		}
	}
}

// FuzzOpenUpload: whatever comes in, the answer is the list or one of the two
// errors, and the error is short enough not to carry the file.
func FuzzOpenUpload(f *testing.F) {
	keys := fixedKeys(f)
	file := encrypt(f, []byte(list), keys.recipient)
	f.Add(file)
	f.Add(armored(f, file))
	f.Add(append([]byte("\uFEFF \n"), armored(f, file)...))
	f.Add(file[:len(file)/2])
	f.Add(encrypt(f, []byte(list), stranger(f)))
	f.Add([]byte(list))
	f.Add([]byte("age-encryption.org/v1\n-> X25519 A\n\n--- A\n"))
	f.Add([]byte(armor.Header + "\n" + armor.Footer + "\n"))
	f.Fuzz(func(t *testing.T, upload []byte) {
		const limit = 1 << 10
		got, err := keys.OpenUpload(bytes.NewReader(upload), limit)
		if err == nil {
			if len(got) > limit {
				t.Fatalf("%d bytes of plaintext", len(got))
			}
			return
		}
		if got != nil || errors.Is(err, ErrNotEncrypted) == errors.Is(err, ErrCannotDecrypt) || len(err.Error()) > 100 {
			t.Fatalf("OpenUpload = %q, %v", got, err)
		}
	})
}
