package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Invented names, as they occur in Dutch classes. The staff's last names
// (demo_day.go) are none of these.
var (
	demoFirst = strings.Fields(`Emma Noah Julia Lucas Mila Sem Tess Liam Sophie Finn Zoë Daan Sara Levi Nora Bram Yara Luuk Eva
		Mees Lotte Adam Saar James Anna Noor Milan Fenna Sam Isa Thijs Lina Jesse Evi Benjamin Olivia Teun Lieke Boaz Fleur
		Mohammed Fatima Şeyma Emre Yusuf Aylin Inès Chloé Łukasz Zofia Mateusz Đan Linh Björn Søren Anaïs José Renée Dieuwertje Sjoerd`)
	demoLast = [][2]string{
		{"de", "Jong"}, {"", "Jansen"}, {"de", "Vries"}, {"van den", "Berg"}, {"van", "Dijk"}, {"", "Bakker"}, {"", "Janssen"},
		{"", "Visser"}, {"", "Smit"}, {"", "Meijer"}, {"de", "Boer"}, {"", "Mulder"}, {"de", "Groot"}, {"", "Bos"}, {"", "Vos"},
		{"", "Peters"}, {"", "Hendriks"}, {"van", "Leeuwen"}, {"", "Dekker"}, {"", "Brouwer"}, {"de", "Wit"}, {"", "Dijkstra"},
		{"", "Smits"}, {"de", "Graaf"}, {"van der", "Meer"}, {"van der", "Linden"}, {"", "Kok"}, {"", "Jacobs"}, {"de", "Haan"},
		{"", "Vermeulen"}, {"van den", "Heuvel"}, {"van der", "Veen"}, {"", "Yılmaz"}, {"", "Çelik"}, {"", "Nguyễn"}, {"", "Wójcik"},
		{"", "El Idrissi"}, {"", "Ben Salah"}, {"", "D’Angelo"}, {"van ’t", "Hof"}, {"", "Coenders-van Gils"}, {"ter", "Horst"},
	}
)

// demoClassList returns a class list as a school would export it: CSV, with the
// columns of Magister.
func demoClassList(students int, seed int64) []byte {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	var b bytes.Buffer
	b.WriteString("\uFEFFStamnummer;Roepnaam;Tussenvoegsel;Achternaam;Klas\r\n")
	classes := max(1, (students+23)/24)
	for i := range students {
		class := i * classes / students // of about twenty-four
		last := demoLast[random.IntN(len(demoLast))]
		fmt.Fprintf(&b, "%d;%s;%s;%s;%d%c\r\n", 240001+i, demoFirst[random.IntN(len(demoFirst))], last[0], last[1],
			1+class%3, 'A'+rune(class/3%26))
	}
	return b.Bytes()
}

// handInList does what a school does: it signs in as the contact, asks for the
// event's recipient, encrypts the list to it and hands that in.
func handInList(ctx context.Context, info demoInfo, list []byte) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute}
	call := func(method, path, kind string, body []byte) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, info.BaseURL+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Accept", "application/json, text/plain")
		request.Header.Set("Content-Type", kind)
		response, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode >= 300 {
			err = fmt.Errorf("%s: %s: %s", path, response.Status, answer)
		}
		return answer, err
	}
	login, err := json.Marshal(info.Contact)
	if err != nil {
		return err
	}
	if _, err := call(http.MethodPost, "/sign-in", "application/json", login); err != nil {
		return err
	}
	recipient, err := call(http.MethodGet, "/events/"+info.Event+"/recipient", "", nil)
	if err != nil {
		return err
	}
	to, err := age.ParseX25519Recipient(strings.TrimSpace(string(recipient)))
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return err
	}
	if _, err := w.Write(list); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, err = call(http.MethodPost, "/events/"+info.Event+"/class-lists?name=klassen.csv", "application/octet-stream", sealed.Bytes())
	return err
}
