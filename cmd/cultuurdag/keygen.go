package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cultuurdag/crypto"
)

// KeygenCommand makes a new master identity and a new purge-log key.
type KeygenCommand struct {
	Out  string `short:"o" default:"cultuurdag.key" placeholder:"FILE" help:"The file for the master identity; the purge-log key goes to FILE-log."`
	Name string `default:"cultuurdag" help:"The name of the purge log's signer, in every signature."`
}

// Run writes both files with mode 0600, or neither: it never overwrites one,
// because what was sealed to the old key could not be opened any more. It
// prints the public parts, and where the secret ones are.
func (c *KeygenCommand) Run(io *streams) error {
	master, recipient, err := crypto.GenerateMaster()
	if err != nil {
		return fmt.Errorf("make the master identity: %w", err)
	}
	logKey, verifier, err := crypto.GenerateLogKey(c.Name)
	if err != nil {
		return fmt.Errorf("make the purge-log key: %w", err)
	}
	logFile := c.Out + "-log"
	if err := writeSecret(c.Out, master); err != nil {
		return err
	}
	if err := writeSecret(logFile, logKey); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // just made, nothing is sealed to it yet
	}

	_, err = fmt.Fprintf(io.out, `master identity   %s   (CULTUURDAG_MASTER_KEY_FILE: secret, keep a copy off this machine)
purge-log key     %s   (CULTUURDAG_PURGE_LOG_KEY: secret)
master recipient  %s
log verifier      %s   (public: give it to whoever checks the purge log)
`, c.Out, logFile, recipient, verifier)
	return err
}

// writeSecret makes the file name, readable by its owner alone and on the disk
// when it returns. It refuses to overwrite one (fs.ErrExist) and leaves none
// behind that is half written.
func writeSecret(name string, data []byte) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make a key file: %w", err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = syncFolder(filepath.Dir(name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(name))
	}
	return nil
}

// syncFolder makes a new name in the folder survive a crash.
func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
