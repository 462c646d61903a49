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
)

// Provider is who runs this installation: for the privacy page, slips and
// lists. It is read once, at the start.
type Provider struct {
	Name    string `json:"name"`
	Address string `json:"address"` // on one line: street and number, postcode, place
	Email   string `json:"email"`
	Phone   string `json:"phone"`

	// DataProtectionOfficer is how to reach them, a name or an e-mail address;
	// "" where there is none.
	DataProtectionOfficer string `json:"data_protection_officer"`

	// Role under the GDPR: controller, or processor on behalf of the schools.
	Role string `json:"role"`

	// Logo is a PNG or JPEG file, relative to the provider file, or "".
	Logo string `json:"logo"`

	// Colour of headings and buttons, #rrggbb, or "" for the built-in one.
	Colour string `json:"colour"`

	// LogoData is the logo's bytes, or nil, and LogoType its media type.
	LogoData []byte `json:"-"`
	LogoType string `json:"-"`
}

// maxLogo keeps a photograph straight from a camera out of every PDF.
const maxLogo = 1 << 20

var colour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// LoadProvider reads the provider file and its logo. An error says everything
// that is wrong in one sentence that can follow the setting's name.
func LoadProvider(name string) (*Provider, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	p, err := parseProvider(data)
	if err != nil {
		return nil, fmt.Errorf("%q %w", name, err)
	}
	if p.Logo != "" {
		path := p.Logo
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(name), path)
		}
		if p.LogoData, p.LogoType, err = readLogo(path); err != nil {
			return nil, fmt.Errorf("%q has a logo that %w", name, err)
		}
	}
	return p, nil
}

func parseProvider(data []byte) (*Provider, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // a misspelt field would go unseen
	p := new(Provider)
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
	if p.Colour != "" && !colour.MatchString(p.Colour) {
		wrong = append(wrong, "colour is not like #1a5276")
	}
	if len(wrong) > 0 {
		return nil, errors.New("has faults: " + strings.Join(wrong, ", "))
	}
	return p, nil
}

func readLogo(name string) (data []byte, mediaType string, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, "", cannotRead(name, err)
	}
	defer file.Close()
	data, err = io.ReadAll(io.LimitReader(file, maxLogo+1))
	if err != nil {
		return nil, "", cannotRead(name, err)
	}
	if len(data) > maxLogo {
		return nil, "", errors.New("is larger than 1 MiB")
	}
	mediaType = http.DetectContentType(data)
	if mediaType != "image/png" && mediaType != "image/jpeg" {
		return nil, "", errors.New("is neither PNG nor JPEG")
	}
	return data, mediaType, nil
}

// checkMailAddress accepts an address with or without a name before it.
func checkMailAddress(s string) error {
	if _, err := mail.ParseAddress(s); err != nil {
		return errors.New("is not an e-mail address")
	}
	return nil
}
