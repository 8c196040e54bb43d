-- nothing
;