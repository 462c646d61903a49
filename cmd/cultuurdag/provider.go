package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"cultuurdag/enroll"
)

// providerFile is the provider as the file has it: the logo by its name, a PNG
// or JPEG file relative to the provider file, or "".
type providerFile struct {
	enroll.Provider
	Logo string `json:"logo"`
}

// maxLogo keeps a photograph straight from a camera out of every PDF.
const maxLogo = 1 << 20

var colour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// LoadProvider reads the provider file and its logo. An error says everything
// that is wrong in one sentence that can follow the setting's name.
func LoadProvider(name string) (enroll.Provider, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return enroll.Provider{}, cannotRead(name, err)
	}
	file, err := parseProvider(data)
	if err != nil {
		return enroll.Provider{}, fmt.Errorf("%q %w", name, err)
	}
	p := file.Provider
	if file.Logo != "" {
		path := file.Logo
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(name), path)
		}
		if p.Logo, err = readLogo(path); err != nil {
			return enroll.Provider{}, fmt.Errorf("%q has a logo that %w", name, err)
		}
	}
	return p, nil
}

func parseProvider(data []byte) (*providerFile, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // a misspelt field would go unseen
	p := new(providerFile)
	if err := decoder.Decode(p); err != nil {
		return nil, fmt.Errorf("is not JSON as described: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something after the JSON object")
	}

	var wrong []string
	for _, field := range []struct{ name, value string }{
		{"name", p.Name}, {"address", p.Address}, {"email", p.Email}, {"phone", p.Phone},
	} {
		if strings.TrimSpace(field.value) == "" {
			wrong = append(wrong, field.name+" is missing")
		}
	}
	if p.Email != "" && checkMailAddress(p.Email) != nil {
		wrong = append(wrong, "email is not an e-mail address")
	}
	if p.Role != "controller" && p.Role != "processor" {
		wrong = append(wrong, "role is neither controller nor processor")
	}
	if p.CopiesDays != nil && (*p.CopiesDays < 0 || *p.CopiesDays > 3650) {
		wrong = append(wrong, "keystore_copies_days is not a number of days")
	}
	if p.Colour != "" && !colour.MatchString(p.Colour) {
		wrong = append(wrong, "colour is not like #1a5276")
	}
	if len(wrong) > 0 {
		return nil, errors.New("has faults: " + strings.Join(wrong, ", "))
	}
	return p, nil
}

func readLogo(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxLogo+1))
	if err != nil {
		return nil, cannotRead(name, err)
	}
	if len(data) > maxLogo {
		return nil, errors.New("is larger than 1 MiB")
	}
	if kind := http.DetectContentType(data); kind != "image/png" && kind != "image/jpeg" {
		return nil, errors.New("is neither PNG nor JPEG")
	}
	return data, nil
}

// checkMailAddress accepts an address with or without a name before it.
func checkMailAddress(s string) error {
	if _, err := mail.ParseAddress(s); err != nil {
		return errors.New("is not an e-mail address")
	}
	return nil
}
