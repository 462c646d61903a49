package crypto

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	// maxStanzas and maxHeader bound the work and memory that the head of an
	// upload can cost before anything of it is authenticated. A stanza of the
	// largest kind (post-quantum) is some 1.6 KB.
	maxStanzas = 20
	maxHeader  = 64 << 10
	// maxLeading is how much white space may stand before armor, in bytes.
	maxLeading = 1024

	binaryHead = "age-encryption.org/"
	byteOrder  = "\uFEFF"
)

// OpenUpload decrypts an age file to Recipient, binary or armored as its head
// tells. White space and a byte order mark before armor are passed over. The
// whole file is read and authenticated before anything is returned, which is
// never more than limit bytes. Other recipients beside the event's are allowed.
//
// ErrNotEncrypted when it is no age file; ErrCannotDecrypt when it is one for
// somebody else, damaged, cut short, followed by other data, with more than 20
// recipients or a header above 64 KiB, or with a plaintext above limit;
// ErrKeyGone when the key was wiped, also while reading. An error of r itself
// comes back wrapped.
func (k *EventKeys) OpenUpload(r io.Reader, limit int64) ([]byte, error) {
	id := k.uploadsIdentity()
	if id == nil {
		return nil, ErrKeyGone
	}
	src := &sourceReader{r: r}
	plaintext, err := openUpload(src, limit, id)
	if src.err != nil { // a broken connection says nothing about the file
		clear(plaintext)
		return nil, fmt.Errorf("reading an upload: %w", src.err)
	}
	if err != nil {
		return nil, err
	}
	if k.uploadsIdentity() == nil {
		clear(plaintext)
		return nil, ErrKeyGone
	}
	return plaintext, nil
}

func openUpload(r io.Reader, limit int64, id *age.X25519Identity) ([]byte, error) {
	file, err := dearmor(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	// The errors of the age package quote the lines that they stumble over, so
	// none of them is wrapped.
	header, err := readHeader(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannotDecrypt, err)
	}
	plain, err := age.Decrypt(io.MultiReader(bytes.NewReader(header), file), id)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("%w: it is encrypted to another recipient", ErrCannotDecrypt)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: its header is damaged", ErrCannotDecrypt)
	}
	plaintext, err := io.ReadAll(io.LimitReader(plain, limit))
	if err == nil { // the end of the file, and with it its authenticity, is yet to be seen
		var more [1]byte
		if _, err = io.ReadFull(plain, more[:]); err == nil {
			clear(plaintext)
			return nil, fmt.Errorf("%w: its content is larger than %d bytes", ErrCannotDecrypt, limit)
		}
	}
	if err != io.EOF {
		clear(plaintext)
		return nil, fmt.Errorf("%w: it is damaged or not complete", ErrCannotDecrypt)
	}
	return plaintext, nil
}

// dearmor returns the binary age file in r, or ErrNotEncrypted.
func dearmor(r *bufio.Reader) (*bufio.Reader, error) {
	if startsWith(r, binaryHead) {
		return bufio.NewReaderSize(r, maxHeader), nil
	}
	for skipped := 0; ; {
		if startsWith(r, byteOrder) {
			skipped += len(byteOrder)
			r.Discard(len(byteOrder)) // peeked at: it is there
			continue
		}
		c, size, err := r.ReadRune()
		if err != nil {
			return nil, ErrNotEncrypted
		}
		if unicode.IsSpace(c) && skipped < maxLeading {
			skipped += size
			continue
		}
		if err := r.UnreadRune(); err != nil {
			return nil, err
		}
		break
	}
	if !startsWith(r, armor.Header) {
		return nil, ErrNotEncrypted
	}
	return bufio.NewReaderSize(armor.NewReader(r), maxHeader), nil
}

func startsWith(r *bufio.Reader, prefix string) bool {
	head, err := r.Peek(len(prefix))
	return err == nil && string(head) == prefix
}

// readHeader reads the header of an age file, up to and with the line of its
// MAC, which is the first that begins with "---". It holds the header to the
// limits; whether it is well formed is for the age package to say.
func readHeader(r *bufio.Reader) ([]byte, error) {
	var header []byte
	stanzas := 0
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) || len(header)+len(line) > maxHeader {
			return nil, fmt.Errorf("its header is larger than %d bytes", maxHeader)
		}
		if err != nil {
			return nil, errors.New("its header is damaged or not complete")
		}
		header = append(header, line...)
		if bytes.HasPrefix(line, []byte("---")) {
			return header, nil
		}
		if bytes.HasPrefix(line, []byte("->")) {
			if stanzas++; stanzas > maxStanzas {
				return nil, fmt.Errorf("it has more than %d recipients", maxStanzas)
			}
		}
	}
}

// sourceReader remembers why reading stopped, if not at the end.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
