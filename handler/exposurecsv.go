package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/engine"
)

// csvColumns are the columns of the exposure as CSV. The last one is the same in every
// row: what keeps the whole list from being complete must travel with the file.
func csvColumns() []string {
	return []string{"objectId", "appId", "displayName", "type", "organizationWide", "confinedByPolicy", "scoped", "byMailboxPermission",
		"canGrantItself", "reached", "possible", "capabilities", "foreign", "paths", "remedies", "leftovers", "unknown", "asOf", "notRead"}
}

// csvOf writes the survey as CSV (RFC 4180). A survey without rows still says what was
// not read, in a row of its own.
func csvOf(page engine.ExposurePage) ([]byte, error) {
	var buffer bytes.Buffer
	writer := csv.NewWriter(&buffer)
	writer.UseCRLF = true
	rows := [][]string{csvColumns()}
	asOf, notRead := page.AsOf.UTC().Format(time.RFC3339), strings.Join(page.Unknown, "; ")
	for _, one := range page.Rows {
		rows = append(rows, append(csvRow(one), asOf, notRead))
	}
	if len(page.Rows) == 0 {
		empty := make([]string, len(csvColumns()))
		empty[len(empty)-2], empty[len(empty)-1] = asOf, notRead
		rows = append(rows, empty)
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = harmless(cell)
		}
	}
	err := writer.WriteAll(rows)
	if err != nil {
		return nil, fmt.Errorf("writing the exposure as CSV: %w", err)
	}
	return buffer.Bytes(), nil
}

func csvRow(one engine.ExposedWorkload) []string {
	var capabilities, paths, remedies []string
	for _, capability := range one.Capabilities {
		capabilities = append(capabilities, string(capability))
	}
	for _, path := range one.Paths {
		whose := "not ours"
		if path.Ours {
			whose = strings.TrimSpace("ours " + path.Grant)
		}
		paths = append(paths, fmt.Sprintf("%s (%s, %s)", path.What, path.Verdict, whose))
	}
	if one.PathsLeftOut > 0 {
		paths = append(paths, fmt.Sprintf("and %d more", one.PathsLeftOut))
	}
	for _, remedy := range one.Remedies {
		remedies = append(remedies, remedy.What+": "+remedy.Why)
	}
	return []string{one.Workload.ObjectID, one.Workload.AppID, one.Workload.DisplayName, one.Workload.Type, string(one.OrganizationWide),
		string(one.ConfinedByPolicy), string(one.Scoped), string(one.ByMailboxPermission), string(one.CanGrantItself),
		strconv.Itoa(one.Reached), strconv.Itoa(one.Possible), strings.Join(capabilities, " "), strconv.Itoa(one.Foreign),
		strings.Join(paths, "; "), strings.Join(remedies, "; "), strings.Join(one.Leftovers, "; "), strings.Join(one.Unknown, "; ")}
}

// harmless keeps a spreadsheet from running a cell as a formula (OWASP, CSV Injection):
// display names are anybody's choice. A leading space does not hide the character.
func harmless(cell string) string {
	start := strings.TrimLeft(cell, " \u00a0\ufeff")
	if start != "" && strings.ContainsRune("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20", []rune(start)[0]) {
		return "'" + cell
	}
	return cell
}
