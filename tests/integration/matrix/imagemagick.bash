# program: imagemagick
# packages: imagemagick
# workload: draws, resizes, blurs, composes and converts by threads of OpenMP; PNG, JPEG, GIF and raw pixels are the same to the byte
. "$LEAKTRACE_SOURCE/tests/support/session.bash"

convert -size 300x200 plasma:red-blue -seed 7 "$SCRATCH/random.png"
convert -size 400x300 gradient:navy-gold gradient.png
convert gradient.png -define png:exclude-chunks=date,time -strip -resize 1000x750 -blur 0x4 -swirl 90 -colors 200 rgb:- | sha256sum
convert gradient.png -strip -rotate 30 -sharpen 0x2 -quality 80 jpg:- | sha256sum
convert gradient.png \( +clone -negate -flip \) -compose difference -composite -morphology Dilate Octagon:3 rgb:- | sha256sum
convert -delay 10 gradient.png -modulate 90 gradient.png -loop 0 gif:- | sha256sum
convert -size 200x200 xc:white -fill red -draw 'circle 100,100 100,20' -stroke blue -draw 'line 0,0 199,199' rgb:- | sha256sum
identify -format '%m %w %h %k\n' gradient.png
for i in 1 2 3; do convert gradient.png -resize "$((i * 900))" -median 3 -format '%[fx:mean]\n' info:; done
convert no-such-file.png out.png 2> "$SCRATCH/err" || echo "status $?"
rm gradient.png
