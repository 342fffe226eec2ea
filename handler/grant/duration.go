package grant

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var durationShape = regexp.MustCompile(`^P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$`)

const century = 100 * 365 * 24 * time.Hour

// ParseDuration reads an ISO 8601 duration of weeks, days, hours, minutes and
// seconds. Years and months are refused, because their length depends on the
// calendar. A duration of zero and one beyond a century are errors.
func ParseDuration(text string) (time.Duration, error) {
	parts := durationShape.FindStringSubmatch(text)
	if parts == nil || strings.HasSuffix(text, "T") {
		return 0, fmt.Errorf("%q is not an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P30D or PT8H", text)
	}
	units := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}
	var sum time.Duration
	for i, unit := range units {
		if parts[i+1] == "" {
			continue
		}
		count, err := strconv.Atoi(parts[i+1])
		if err != nil {
			return 0, fmt.Errorf("%q: %w", text, err)
		}
		if time.Duration(count) > (century-sum)/unit {
			return 0, fmt.Errorf("%q is longer than a century", text)
		}
		sum += time.Duration(count) * unit
	}
	if sum <= 0 {
		return 0, fmt.Errorf("%q is not longer than zero", text)
	}
	return sum, nil
}
