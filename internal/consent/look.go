package consent

import "almirah/internal/store"

// What the live check of the promise about texts looks at.

// TextsGenuine works out the fingerprint of every text that was shown, and answers how many there are; wrong is the fingerprint of the first that is another, and lost how many
// consents name a text that is not there.
func TextsGenuine(v *store.View) (n int, wrong string, lost int64, err error) {
	rows, err := v.Query(sqlNoticeTexts)
	if err != nil {
		return 0, "", 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var digest string
		var x Notice
		if err := rows.Scan(&digest, &x.Purpose, &x.Language, &x.Body); err != nil {
			return 0, "", 0, err
		}
		if n++; x.Digest() != digest && wrong == "" {
			wrong = digest
		}
	}
	if err := rows.Err(); err != nil {
		return n, wrong, 0, err
	}
	if err := rows.Close(); err != nil {
		return n, wrong, 0, err
	}
	return n, wrong, lost, v.Row(sqlTextless).Scan(&lost)
}
