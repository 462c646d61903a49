package crypto

import (
	"fmt"
	"io"
	"os"
)

// maxSecretFile bounds what is read of a file with secrets, in bytes.
const maxSecretFile = 1 << 20

// readSecretFile reads a file that only its owner may read or write; one with a
// wider mode is ErrMode, with the command that mends it.
func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&^0o600 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o: run `chmod 600 %s`", ErrMode, path, mode, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxSecretFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxSecretFile)
	}
	return data, nil
}
