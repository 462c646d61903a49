package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodProvider = `{
	"name": "Cultuurhuis De Brug",
	"address": "Voorbeeldstraat 1, 1234 AB Voorbeeldstad",
	"email": "info@example.nl",
	"phone": "+31 20 000 0000",
	"data_protection_officer": "fg@example.nl",
	"role": "processor",
	"logo": "",
	"colour": "#1a5276"
}`

func TestParseProvider(t *testing.T) {
	tests := []struct {
		name, old, new string // new instead of old in a good one
		want           string // in the error; "" for none
	}{
		{"good", "", "", ""},
		{"without an officer", `"fg@example.nl"`, `""`, ""},
		{"without a colour", `"#1a5276"`, `""`, ""},
		{"not JSON", "{", "", "is not JSON as described"},
		{"misspelt", `"colour"`, `"color"`, `unknown field "color"`},
		{"more than one object", `"#1a5276"
}`, `"#1a5276"}{}`, "something after the JSON object"},
		{"no name", `Cultuurhuis De Brug`, ` `, "has faults: name is missing"},
		{"no e-mail address", `info@example.nl`, `info`, "has faults: email is not an e-mail address"},
		{"another role", `"processor"`, `"owner"`, "has faults: role is neither controller nor processor"},
		{"a colour that could end a style sheet", `#1a5276`, `red;}`, "has faults: colour is not like #1a5276"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := parseProvider([]byte(strings.Replace(goodProvider, tt.old, tt.new, 1)))
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got error %v", err)
			case tt.want == "" && (p.Phone != "+31 20 000 0000" || p.Role != "processor"):
				t.Errorf("got %+v", p)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLogo(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\n rest")
	tests := []struct {
		name string
		data []byte
		want string // in the error
	}{
		{"logo.png", png, ""},
		{"logo.jpg", []byte("\xff\xd8\xff\xe0 rest"), ""},
		{"logo.svg", []byte("<svg/>"), "is neither PNG nor JPEG"},
		{"large.png", append(png, bytes.Repeat([]byte{0}, maxLogo)...), "is larger than 1 MiB"},
		{"gone.png", nil, `gone.png": no such file`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "provider.json")
			write(t, file, []byte(strings.Replace(goodProvider, `"logo": ""`, `"logo": "`+tt.name+`"`, 1)))
			if tt.data != nil {
				write(t, filepath.Join(dir, tt.name), tt.data)
			}
			p, err := LoadProvider(file)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got error %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.Logo, tt.data) {
				t.Errorf("got %d bytes", len(p.Logo))
			}
		})
	}
}

func TestTheShippedExampleLoads(t *testing.T) {
	if _, err := LoadProvider("../../deploy/provider.example.json"); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
